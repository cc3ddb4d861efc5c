-- A constant default is kept in the catalog, and NOT VALID leaves the rows unread: both locks last milliseconds.

-- Up Migration
ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web';
ALTER TABLE orders
  ADD CONSTRAINT orders_channel_known CHECK (channel IN ('web', 'app', 'phone')) NOT VALID;

-- Down Migration
ALTER TABLE orders DROP COLUMN channel;
