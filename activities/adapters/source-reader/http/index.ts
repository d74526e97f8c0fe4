export { createHttpReader, type HttpReaderOptions } from './create-http-reader';
