import { grouped } from "./screen.ts";
import { countOf, fillShop, type Shop } from "./shop.ts";

/** Something that was looked at after a step. */
export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

const APPLIED = "SELECT count(*) AS n FROM headgate.history WHERE state = 'applied'";
const EMAIL_KEY =
  "SELECT count(*) AS n FROM pg_attribute WHERE attrelid = 'customers'::regclass AND attname = 'email_key'";
const ORDER = "INSERT INTO orders (customer_id, total_cents) VALUES (1, 4900) RETURNING id AS n";

export async function fill(shop: Shop): Promise<Finding[]> {
  const orders = await fillShop(shop);
  return [{ ok: orders >= 200_000, text: `the shop opens and trades for two years: ${grouped(orders)} orders` }];
}

const BY_STATUS = "SELECT count(*) AS n FROM pg_class WHERE relname = 'orders_by_status'";

export async function riskRefused(shop: Shop, log: string): Promise<Finding[]> {
  return [
    { ok: (await countOf(shop, BY_STATUS)) === 0, text: "nothing was changed: there is no index orders_by_status" },
    {
      ok: log.includes("CREATE INDEX CONCURRENTLY orders_by_status ON orders (status, placed_at)"),
      text: "and the recipe was printed in the shop's own names: the next release follows it",
    },
  ];
}

export async function indexBuilt(shop: Shop): Promise<Finding[]> {
  return [{ ok: (await countOf(shop, BY_STATUS)) === 1, text: "the index is there, and customers noticed nothing" }];
}

export async function whatStands(shop: Shop): Promise<Finding[]> {
  const applied = await countOf(shop, APPLIED);
  const leftover = await countOf(shop, EMAIL_KEY);
  const order = await countOf(shop, ORDER);
  return [
    { ok: applied === 9, text: `stands: ${applied} migrations of the releases before` },
    { ok: leftover === 0, text: "does not: the column email_key, which 010 had added before it failed" },
    { ok: order > 0, text: `and the shop trades on: order ${grouped(order)} was placed just now` },
  ];
}

const hasColumn = async (shop: Shop, table: string, column: string): Promise<boolean> =>
  (await countOf(
    shop,
    `SELECT count(*) AS n FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attname = '${column}' AND NOT attisdropped`,
  )) === 1;

export async function renameTakenBack(shop: Shop): Promise<Finding[]> {
  return [
    { ok: await hasColumn(shop, "products", "title"), text: "taken back: products has its column title again" },
    { ok: await hasColumn(shop, "orders", "gift_note"), text: "left alone: orders keeps gift_note, which only adds" },
  ];
}

export const WAY_OUT = ["--to", "010_gift_note", "--accept-data-loss", "--yes"];

export async function wayOutPrinted(shop: Shop, log: string): Promise<Finding[]> {
  const values = await countOf(shop, "SELECT count(weight_grams) AS n FROM orders");
  return [
    {
      ok: log.includes(`would lose ${grouped(values)} values`),
      text: `it counted what would be lost: ${grouped(values)} weights`,
    },
    { ok: log.includes(`headgate revert ${WAY_OUT.join(" ")}`), text: "and printed the way out, which comes next" },
  ];
}

export async function weightsGone(shop: Shop): Promise<Finding[]> {
  const [row] = await shop.sql<{ who: string }>(
    "SELECT actor || ', from ' || from_name || ' to ' || to_name AS who FROM headgate.run ORDER BY id DESC LIMIT 1",
  );
  return [{ ok: row !== undefined, text: `headgate.run says who did it: ${row?.who}` }];
}

/** The claim that backups go to. */
export const CLAIM = "shop-backups";

const BESIDE = "shop_as_it_was";

interface Copy {
  readonly name: string;
  readonly bytes: string;
  readonly ms: string;
}

/** The copy that the newest run has made, by its own record. */
async function lastCopy(shop: Shop): Promise<Copy | undefined> {
  const [row] = await shop.sql<Record<keyof Copy, string>>(
    `SELECT report #>> '{backup,name}' AS name, report #>> '{backup,bytes}' AS bytes, report #>> '{backup,durationMs}' AS ms
     FROM headgate.run WHERE report #>> '{backup,verified}' = 'read' ORDER BY id DESC LIMIT 1`,
  );
  return row;
}

export async function copyProved(shop: Shop): Promise<Finding[]> {
  const copy = await lastCopy(shop);
  const tenth = (Number(copy?.ms) / 1_000).toFixed(1);
  return [
    { ok: !(await hasColumn(shop, "orders", "channel")), text: "the column is gone" },
    {
      ok: copy !== undefined,
      text: `before it went: ${grouped(Number(copy?.bytes))} bytes in ${tenth} s, read back whole from where they lie`,
    },
  ];
}

export const restoreLast = async (shop: Shop): Promise<readonly string[]> => [
  "restore",
  (await lastCopy(shop))?.name ?? "",
  "--into",
  BESIDE,
];

export async function channelsBeside(shop: Shop): Promise<Finding[]> {
  const beside = shop.beside(BESIDE);
  const [now, then] = [await countOf(shop, "SELECT count(*) AS n FROM orders"), await countOf(beside, CHANNELS)];
  return [
    { ok: then === now && now > 0, text: `in ${BESIDE}: the channel of every one of ${grouped(then)} orders` },
    { ok: !(await hasColumn(shop, "orders", "channel")), text: "the shop's own database was not touched" },
  ];
}

const CHANNELS = "SELECT count(channel) AS n FROM orders";
