export { createSqlReader, type FindSqlTemplate, type SqlTemplate } from './create-sql-reader';
