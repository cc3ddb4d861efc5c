-- Ready in a moment on a laptop. In production nobody can place an order until it is built.

-- Up Migration
CREATE INDEX orders_by_status ON orders (status, placed_at);

-- Down Migration
DROP INDEX orders_by_status;
