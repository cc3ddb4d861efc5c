import { type Scene, useScene } from "./scene.ts";

/** A table, an addition that older code works with, and a rename that it does not work with. */
export const ORDERS = {
  "001_orders.sql":
    "-- Up Migration\nCREATE TABLE orders (id bigint PRIMARY KEY, note text);\nINSERT INTO orders VALUES (1, 'a'), (2, NULL);\n-- Down Migration\nDROP TABLE orders;\n",
  "002_total.sql":
    "-- Up Migration\nALTER TABLE orders ADD COLUMN total numeric;\n-- Down Migration\nALTER TABLE orders DROP COLUMN total;\n",
  "003_rename.sql":
    "-- Up Migration\nALTER TABLE orders RENAME COLUMN note TO remark;\n-- Down Migration\nALTER TABLE orders RENAME COLUMN remark TO note;\n",
};

/** Values with which a release goes back by itself, at once. */
export const auto = { rollback: { onAhead: "auto", delay: "0s" } };

interface OrdersScene {
  readonly scene: Scene;
  /** The migrations in Headgate's history, in their order. */
  readonly names: () => Promise<unknown[]>;
  /** The migrations in pgmigrations, in their order. */
  readonly mirrored: () => Promise<unknown[]>;
  /** The columns of the table `orders`, in their order. */
  readonly columns: () => Promise<unknown[]>;
  /** As an image that was built before these migrations were written. */
  readonly forget: (...files: readonly string[]) => void;
}

/** A scene with the migrations of `ORDERS`, and what tests of the way back look at. */
export function useOrdersScene(): OrdersScene {
  const scene = useScene(ORDERS);
  const list = async (sql: string) => (await scene.database.sql(sql)).map(({ name }) => name);
  return {
    scene,
    names: () => list("SELECT name FROM headgate.history ORDER BY sequence"),
    mirrored: () => list("SELECT name FROM pgmigrations ORDER BY id"),
    columns: () =>
      list(
        `SELECT attname AS name FROM pg_attribute
         WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      ),
    forget: (...files) => {
      for (const file of files) scene.remove(file);
    },
  };
}
