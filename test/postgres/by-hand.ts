/** Done by hand, and every line that verify says of it. */
export const BY_HAND: readonly (readonly [sql: string, ...lines: readonly string[]])[] = [
  ["DROP INDEX orders_by_total", "index orders_by_total: missing"],
  ["CREATE INDEX extra ON orders (note)", "index extra: added"],
  ["ALTER TABLE orders ALTER COLUMN note TYPE varchar(9)", "column orders.note: different"],
  ["ALTER TABLE orders ALTER COLUMN total DROP DEFAULT", "column orders.total: different"],
  ["ALTER TABLE orders ADD COLUMN hotfix int", "column orders.hotfix: added"],
  ["ALTER TABLE orders DROP CONSTRAINT positive", "constraint positive on orders: missing"],
  ["ALTER TABLE small DISABLE TRIGGER kept", "trigger kept on small: different"],
  ["ALTER POLICY own ON orders USING (true)", "policy own on orders: different"],
  ["DROP RULE quiet ON orders", "rule quiet on orders: missing"],
  ["CREATE TABLE scratch (id int)", "table scratch: added"],
  ["DROP VIEW small_orders", "view small_orders: missing"],
  ["CREATE OR REPLACE VIEW big_orders AS SELECT id, total FROM orders WHERE total > 1", "view big_orders: different"],
  ["ALTER SEQUENCE numbers INCREMENT 2", "sequence numbers: different"],
  ["ALTER TYPE state ADD VALUE 'sent'", "type state: different"],
  ["ALTER DOMAIN email SET NOT NULL", "domain email: different"],
  [
    "DROP TRIGGER touched ON orders; DROP FUNCTION touch()",
    "function touch(): missing",
    "trigger touched on orders: missing",
  ],
  ["COMMENT ON COLUMN orders.note IS 'other'", "comment on column orders.note: different"],
  ["GRANT SELECT ON orders TO PUBLIC", "grants on table orders: added"],
  ["ALTER TABLE orders SET (fillfactor = 70)", "table orders: different"],
  ["CREATE SCHEMA extra", "schema extra: added"],
  ["DROP TABLE audit.log", "table audit.log: missing"],
  ["CREATE PUBLICATION feed FOR TABLE orders", "publication feed: added"],
];

/** Entries, what is done by hand, and what of it the entries mean. */
export const IGNORED: readonly (readonly [ignore: readonly string[], sql: string, ...lines: readonly string[]])[] = [
  [
    ["audit"],
    "CREATE TABLE audit.more (id int); DROP TABLE audit.log",
    "table audit.log: missing",
    "table audit.more: added",
  ],
  [["big_*"], "DROP VIEW big_orders", "view big_orders: missing"],
  [["index scratch_at"], "CREATE INDEX scratch_at ON small (id)", "index scratch_at: added"],
  [
    ["orders"],
    "ALTER TABLE orders ADD COLUMN hotfix int; DROP INDEX orders_by_total; GRANT SELECT ON orders TO PUBLIC",
    ...["column orders.hotfix: added", "grants on table orders: added", "index orders_by_total: missing"],
  ],
  [["total_of"], "DROP FUNCTION total_of(int)", "function total_of(x integer): missing"],
  [["comment on schema *"], "COMMENT ON SCHEMA shop IS 'x'", "comment on schema shop: added"],
];
