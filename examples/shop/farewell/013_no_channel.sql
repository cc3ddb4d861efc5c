-- headgate: phase=contract
-- headgate: allow HG211 reason="no release since 1.3.1 reads the channel of an order"
-- Up Migration
ALTER TABLE orders DROP COLUMN channel;

-- Down Migration
ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web';
ALTER TABLE orders
  ADD CONSTRAINT orders_channel_known CHECK (channel IN ('web', 'app', 'phone')) NOT VALID;
