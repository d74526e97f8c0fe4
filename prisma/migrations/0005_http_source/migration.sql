-- What a far side calls the version of a document that we hold, and why the last reading brought nothing.
ALTER TABLE "knowledge_documents"
  ADD COLUMN "etag" VARCHAR(512),
  ADD COLUMN "last_modified" VARCHAR(64),
  ADD COLUMN "read_error" TEXT;
