import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Shop } from "./shop.ts";

export interface TrafficReport {
  readonly writes: number;
  /** The longest that one write took, milliseconds. */
  readonly longestMs: number;
  readonly errors: readonly string[];
}

const PAUSE_MS = 2;
const LONGEST_RUN_MS = 120_000;

const ORDER = `WITH placed AS (
  INSERT INTO orders (customer_id, total_cents) VALUES ($1, 4900) RETURNING id
) INSERT INTO order_items (order_id, product_id, quantity, price_cents) SELECT id, 7, 1, 4900 FROM placed`;
const SHIP = "UPDATE orders SET status = 'shipped' WHERE id = $1";

async function trade(client: pg.Client, signal: AbortSignal): Promise<TrafficReport> {
  const errors: string[] = [];
  let writes = 0;
  let longestMs = 0;
  const end = performance.now() + LONGEST_RUN_MS;
  while (!signal.aborted && performance.now() < end) {
    const before = performance.now();
    try {
      await client.query(writes % 2 === 0 ? ORDER : SHIP, [1 + (writes % 20_000)]);
      writes += 1;
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
    longestMs = Math.max(longestMs, performance.now() - before);
    await sleep(PAUSE_MS);
  }
  return { writes, longestMs, errors };
}

/** Runs `work` while a customer of the shop keeps ordering and the warehouse keeps shipping. */
export async function withTraffic<T>(
  shop: Shop,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly traffic: TrafficReport }> {
  const client = new pg.Client({ connectionString: shop.url, application_name: "shop" });
  client.on("error", () => {});
  await client.connect();
  const over = new AbortController();
  const trading = trade(client, over.signal);
  try {
    const result = await work();
    over.abort();
    return { result, traffic: await trading };
  } finally {
    over.abort();
    await trading;
    await client.end();
  }
}
