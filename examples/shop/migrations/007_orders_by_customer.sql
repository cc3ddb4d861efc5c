-- Customers go on ordering while this is built; PostgreSQL allows that outside a transaction only.

-- Up Migration
-- headgate: no-transaction
CREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer_id, placed_at DESC);

-- Down Migration
-- headgate: no-transaction
DROP INDEX CONCURRENTLY orders_by_customer;
