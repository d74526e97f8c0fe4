export { createParser } from './create-parser';
