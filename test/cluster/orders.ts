import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildMigratorImage } from "./harness/images.ts";
import { temporaryFolder } from "./shop.ts";

/** What the releases of a small application bring, by file name. */
export const migrations = {
  "1_orders.sql": `-- Up Migration
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
INSERT INTO orders VALUES (1, 'a'), (2, 'b');
-- Down Migration
DROP TABLE orders;
`,
  /** Older code works with it. */
  "2_total.sql": `-- Up Migration
ALTER TABLE orders ADD COLUMN total numeric;
-- Down Migration
ALTER TABLE orders DROP COLUMN total;
`,
  /** Older code does not work with it, and its way back keeps all data. */
  "3_rename.sql": `-- Up Migration
ALTER TABLE orders RENAME COLUMN note TO remark;
-- Down Migration
ALTER TABLE orders RENAME COLUMN remark TO note;
`,
  /** It stands on the rename, so that it has to go first. */
  "4_extra.sql": `-- Up Migration
ALTER TABLE orders ADD COLUMN extra text;
-- Down Migration
ALTER TABLE orders DROP COLUMN extra;
`,
  "5_visits.sql": `-- Up Migration
CREATE TABLE visits (id bigint PRIMARY KEY);
-- Down Migration
DROP TABLE visits;
`,
  /** No way back. */
  "6_bookings.sql": "ALTER TABLE orders RENAME TO bookings;\n",
  "7_broken.sql": "ALTER TABLE orders ADD COLUMN tax numeric DEFAULT nothing();\n",
  /** Something to lose the race against. */
  "8_slow_rename.sql": `-- Up Migration
SELECT pg_sleep(20);
ALTER TABLE orders RENAME COLUMN note TO remark;
-- Down Migration
ALTER TABLE orders RENAME COLUMN remark TO note;
`,
} as const;

type FileName = keyof typeof migrations;

const sets = {
  first: ["1_orders.sql"],
  wider: ["1_orders.sql", "2_total.sql"],
  renamed: ["1_orders.sql", "2_total.sql", "3_rename.sql"],
  full: ["1_orders.sql", "3_rename.sql", "4_extra.sql", "5_visits.sql"],
  "one-way": ["1_orders.sql", "6_bookings.sql"],
  broken: ["1_orders.sql", "3_rename.sql", "7_broken.sql"],
  slow: ["1_orders.sql", "8_slow_rename.sql"],
} as const satisfies Readonly<Record<string, readonly FileName[]>>;

/** A migrator image that holds one of these sets and nothing else. */
export async function ordersImage(set: keyof typeof sets): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of sets[set]) await writeFile(join(folder, name), migrations[name]);
  return await buildMigratorImage(`orders-${set}:1`, folder);
}
