export { createUploadReader, type ListPending, type PendingUpload } from './create-upload-reader';
