-- Up Migration
-- Settles what 006 left open: every row is read, and nobody who writes has to wait.
ALTER TABLE orders VALIDATE CONSTRAINT orders_channel_known;

CREATE TABLE payments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id bigint NOT NULL REFERENCES orders (id),
  method text NOT NULL CHECK (method IN ('card', 'transfer', 'invoice')),
  amount_cents integer NOT NULL CHECK (amount_cents > 0),
  paid_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payments_by_order ON payments (order_id);

-- Down Migration
DROP TABLE payments;
