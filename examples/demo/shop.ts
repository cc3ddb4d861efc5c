import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Server } from "../../test/support/embedded-postgres.ts";

/** The shop's database as its owner sees it. */
export interface Shop {
  readonly url: string;
  /** Another database of the same server, as the same role. */
  beside(name: string): Shop;
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string): Promise<Row[]>;
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** An empty database and a role that owns it, and may restore it into another: what a platform team hands over. */
export async function createShop(server: Server): Promise<Shop> {
  const password = randomBytes(12).toString("hex");
  await query(server.url(), `CREATE ROLE shop LOGIN CREATEDB PASSWORD '${password}'`);
  await query(server.url(), "CREATE DATABASE shop OWNER shop");
  const shopIn = (name: string): Shop => {
    const url = `postgresql://shop:${password}@${server.host}:${server.port}/${name}`;
    return { url, beside: shopIn, sql: (text) => query(url, text) };
  };
  return shopIn("shop");
}

const FILL = [
  // Two customers whose addresses differ by one capital letter: the broken migration's undoing.
  `INSERT INTO customers (name, email, country)
   VALUES ('Ada Kuhn', 'Ada@example.com', 'DE'), ('Ada Kuhn', 'ada@example.com', 'DE')`,
  `INSERT INTO customers (name, email, country, created_at)
   SELECT first || ' ' || last, lower(first || '.' || last) || n || '@example.com',
     (ARRAY['DE', 'FR', 'IT', 'NL', 'PL', 'ES'])[1 + n % 6], now() - n * interval '50 minutes'
   FROM generate_series(1, 20000) AS n,
     LATERAL (SELECT (ARRAY['Mia', 'Jan', 'Lea', 'Tom', 'Ida', 'Max', 'Zoe'])[1 + n % 7] AS first,
                     (ARRAY['Berg', 'Costa', 'Dubois', 'Rossi', 'Visser'])[1 + n % 5] AS last) AS names`,
  `INSERT INTO products (sku, title, price_cents)
   SELECT 'SKU-' || lpad(n::text, 5, '0'), (ARRAY['Kettle', 'Lamp', 'Chair', 'Rug', 'Clock'])[1 + n % 5] || ' No. ' || n,
     290 + n * 37 % 19700 FROM generate_series(1, 500) AS n`,
  `INSERT INTO orders (customer_id, status, total_cents, placed_at)
   SELECT 1 + (n::bigint * 7919) % 20000, (ARRAY['shipped', 'shipped', 'shipped', 'returned', 'paid'])[1 + n % 5],
     490 + (n::bigint * 104729) % 45000, now() - (200000 - n) * interval '5 minutes'
   FROM generate_series(1, 200000) AS n`,
  `INSERT INTO order_items (order_id, product_id, quantity, price_cents)
   SELECT id, 1 + id % 500, 1 + id % 3, total_cents FROM orders WHERE placed_at > now() - interval '60 days'`,
  "ANALYZE",
];

/** Two years of trade. Gives the number of orders. */
export async function fillShop(shop: Shop): Promise<number> {
  for (const statement of FILL) await shop.sql(statement);
  return await countOf(shop, "SELECT count(*) AS n FROM orders");
}

/** The number that a query gives in its column `n`. */
export async function countOf(shop: Shop, text: string): Promise<number> {
  const [row] = await shop.sql<{ n: string }>(text);
  return Number(row?.n);
}
