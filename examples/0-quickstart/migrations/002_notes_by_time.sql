-- Up Migration
-- headgate: no-transaction
CREATE INDEX CONCURRENTLY notes_by_time ON notes (written_at);

-- Down Migration
-- headgate: no-transaction
DROP INDEX CONCURRENTLY notes_by_time;
