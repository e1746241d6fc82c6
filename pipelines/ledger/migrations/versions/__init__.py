"""One module a version of the schema, numbered; a version that was released is never edited."""
