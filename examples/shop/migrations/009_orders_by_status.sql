-- Customers go on ordering while this is built.

-- Up Migration
-- headgate: no-transaction
CREATE INDEX CONCURRENTLY orders_by_status ON orders (status, placed_at);

-- Down Migration
-- headgate: no-transaction
DROP INDEX CONCURRENTLY orders_by_status;
