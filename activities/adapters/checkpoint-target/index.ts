export { createFolderTarget } from './folder';
export { createObjectTarget } from './objects';
export { createWebhookTarget } from './webhook';
