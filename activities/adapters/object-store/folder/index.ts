export { createFolderStore } from './create-folder-store';
