import { expect } from "vitest";
import { type Scene, useScene } from "./scene.ts";

/** A migration that makes a table, and drops it on its way back. */
export const creating = (table: string) =>
  `-- Up Migration\nCREATE TABLE ${table} (id int);\n-- Down Migration\nDROP TABLE ${table};\n`;

export const TABLES = { "001_a.sql": creating("a"), "002_b.sql": creating("b"), "003_c.sql": creating("c") };
export const FOURTH = { "004_d.sql": creating("d") };

interface TablesScene {
  readonly scene: Scene;
  /** Applies the files, then changes the record behind Headgate's back. */
  readonly migrateAnd: (sql: string) => Promise<void>;
  /** Which of the files' tables are there. */
  readonly tables: () => Promise<unknown[]>;
  /** The migrations in Headgate's own table. */
  readonly recorded: () => Promise<unknown[]>;
  /** The migrations that `headgate status` lists as applied. */
  readonly applied: () => Promise<unknown[]>;
}

/** A scene with a migration for each of three tables, and what tests of a bad record look at. */
export function useTablesScene(): TablesScene {
  const scene = useScene(TABLES);
  const list = async (sql: string) => (await scene.database.sql(sql)).map(({ name }) => name);
  return {
    scene,
    migrateAnd: async (sql) => {
      expect(await scene.run("migrate")).toMatchObject({ code: 0 });
      await scene.database.sql(sql);
    },
    tables: () =>
      list(
        `SELECT relname AS name FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relname IN ('a', 'b', 'c', 'd') ORDER BY 1`,
      ),
    recorded: () => list("SELECT name FROM headgate.history ORDER BY name"),
    applied: async () => {
      const { applied: found } = await scene.json("status");
      return (Array.isArray(found) ? found : []).map(({ name }) => name);
    },
  };
}
