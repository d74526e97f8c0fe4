export { createFolderStore } from './create-folder-store';
export { createFolderSweep } from './create-folder-sweep';
