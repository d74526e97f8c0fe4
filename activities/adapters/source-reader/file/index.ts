export { createFileReader } from './create-file-reader';
