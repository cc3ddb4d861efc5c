import { useScene } from "./scene.ts";

export const FIRST = {
  "001_orders.sql":
    "-- Up Migration\nCREATE TABLE orders (id bigint PRIMARY KEY, total numeric(12,2));\nCREATE INDEX orders_by_total ON orders (total);\n-- Down Migration\nDROP TABLE orders;\n",
};
export const SECOND = {
  "002_note.sql":
    "-- Up Migration\nALTER TABLE orders ADD COLUMN note text;\n-- Down Migration\nALTER TABLE orders DROP COLUMN note;\n",
};
export const BY_HAND = "DROP INDEX orders_by_total; ALTER TABLE orders ALTER COLUMN total TYPE numeric(14,2)";

/** A database that the first migration has not met yet, and what Headgate keeps in it. */
export function useDrift() {
  const scene = useScene(FIRST);
  const sql = async (text: string) => await scene.database.sql(text);
  return {
    scene,
    sql,
    recorded: async () =>
      await sql(
        "SELECT target, whole, run::int AS run, (SELECT count(*)::int FROM jsonb_object_keys(objects)) AS objects FROM headgate.fingerprint",
      ),
    report: async () => (await sql("SELECT report FROM headgate.run ORDER BY id DESC LIMIT 1"))[0]?.report,
  };
}
