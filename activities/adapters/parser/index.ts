export { createParser, type ParserOptions } from './create-parser';
