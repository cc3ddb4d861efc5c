-- The tables are still empty, so plain indexes are the right ones here; 007 shows what a full table needs.

-- Up Migration
CREATE INDEX orders_by_placed_at ON orders (placed_at);
CREATE INDEX order_items_by_product ON order_items (product_id);

-- Down Migration
DROP INDEX order_items_by_product;
DROP INDEX orders_by_placed_at;
