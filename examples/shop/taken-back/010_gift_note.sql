-- Only adds: an older shop goes on working beside it, so a rollback leaves it alone.

-- Up Migration
ALTER TABLE orders ADD COLUMN gift_note text;

-- Down Migration
ALTER TABLE orders DROP COLUMN gift_note;
