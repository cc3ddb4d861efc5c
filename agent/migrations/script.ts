import { basename } from "node:path";
import { MigrationBuilder } from "node-pg-migrate/migrationBuilder";
import { createDefaultMigrationLoader, loadMigrationUnits } from "node-pg-migrate/migrationLoader";
import { FileProblemError } from "./problem.ts";
import { Pulse, Stuck, unlessStuck } from "./stuck.ts";
import type { Migration, MigrationFile } from "./types.ts";

type Unit = Awaited<ReturnType<typeof loadMigrationUnits>>[number];
type Action = Exclude<Unit["actions"]["up"], undefined | false>;
type Database = ConstructorParameters<typeof MigrationBuilder>[0];
type Shorthands = NonNullable<ConstructorParameters<typeof MigrationBuilder>[1]>;

/** What a script needs of a connection: `pgm.db`. */
export interface LiveDatabase {
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

class NeedsDatabase extends Error {}

/** With the class of an error, which says whose mistake it is. */
const told = (error: unknown): string => (error instanceof Stuck ? error.message : String(error));

/** A function that makes SQL is done in no time; between two queries it may work for a while. */
const MOST_STILL_MS = 30_000;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const offline: Database = {
  query: () => Promise.reject(new NeedsDatabase()),
  select: () => Promise.reject(new NeedsDatabase()),
};

function online(live: LiveDatabase, pulse: Pulse): Database {
  const run = async (config: unknown, values?: unknown): Promise<never> => {
    const text = typeof config === "object" && config !== null && "text" in config ? config.text : config;
    if (
      typeof text !== "string" ||
      values !== undefined ||
      (typeof config === "object" && config !== null && "values" in config)
    ) {
      throw new Error("pgm.db takes SQL text without parameters here; write the values as literals");
    }
    const rows = await pulse.during(live.query(text));
    // pg's result types are wider than what a migration may use: rows and their count.
    return { rows: [...rows], rowCount: rows.length } as never;
  };
  return {
    query: run,
    select: async (config: unknown, values?: unknown) => {
      const { rows }: { rows: unknown[] } = await run(config, values);
      return rows;
    },
  };
}

interface Built {
  readonly sql: string;
  readonly transaction: boolean;
}

interface Mode {
  readonly shorthands: Shorthands;
  readonly reverse: boolean;
  /** Told of the queries that `database` runs. */
  readonly pulse: Pulse;
}

async function build(action: Action, database: Database, mode: Mode): Promise<Built> {
  const pgm = new MigrationBuilder(database, mode.shorthands, false, silent);
  if (mode.reverse) pgm.enableReverseMode();
  // Two parameters are node-pg-migrate's callback style.
  const work =
    action.length === 2
      ? new Promise<void>((resolve) => void action(pgm, resolve))
      : (async () => await action(pgm, () => {}))();
  await unlessStuck(work, mode.pulse, MOST_STILL_MS);
  return { sql: pgm.getSqlSteps().join("\n"), transaction: pgm.isUsingTransaction() };
}

interface Script {
  readonly unit: Unit;
  readonly shorthands: Shorthands;
}

const loaded = new Map<string, Script>();
let accumulated: Shorthands = {};

/** Imports scripts in order: each sees the shorthands of those before it. A file is imported once a process. */
async function importScript(file: MigrationFile): Promise<Script> {
  const path = file.paths[0] ?? "";
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const units = loadMigrationUnits(
    {
      migrationLoaderStrategies: [
        { extensions: [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"], loader: createDefaultMigrationLoader() },
      ],
    },
    [path],
  );
  const [unit] = await unlessStuck(units, new Pulse(), MOST_STILL_MS).catch((error: unknown) => {
    throw new FileProblemError({ file: basename(path), text: `cannot be loaded: ${told(error)}` });
  });
  if (unit === undefined) throw new FileProblemError({ file: basename(path), text: "cannot be loaded" });
  accumulated = { ...accumulated, ...unit.actions.shorthands };
  const script = { unit, shorthands: accumulated };
  loaded.set(path, script);
  return script;
}

function upAction({ unit }: Script, file: string): Action {
  const action = unit.actions.up;
  if (typeof action !== "function") throw new FileProblemError({ file, text: "exports no function `up`" });
  return action;
}

async function tryBuild(action: Action, script: Script, reverse: boolean): Promise<Built | "dynamic"> {
  try {
    return await build(action, offline, { shorthands: script.shorthands, reverse, pulse: new Pulse() });
  } catch (error) {
    if (error instanceof NeedsDatabase) return "dynamic";
    throw error;
  }
}

type DownParts = Pick<Migration, "down" | "downAt" | "downKind" | "downTransaction" | "downEffects">;

const noDown = (downKind: Migration["downKind"]): DownParts => ({
  down: undefined,
  downAt: undefined,
  downKind,
  downTransaction: true,
  downEffects: undefined,
});

async function downOf(script: Script, up: Action): Promise<DownParts> {
  const written = script.unit.actions.down;
  if (written === false) return noDown("irreversible");
  try {
    const built = await tryBuild(written ?? up, script, written === undefined);
    if (built === "dynamic") return noDown("dynamic");
    if (built.sql === "") return noDown("irreversible");
    return { ...noDown("stored"), down: built.sql, downTransaction: built.transaction };
  } catch (error) {
    if (error instanceof Stuck) {
      const file = basename(script.unit.filePaths[0] ?? "");
      throw new FileProblemError({ file, text: `its function down failed: ${error.message}` });
    }
    // node-pg-migrate throws where an operation has no inverse.
    return noDown("irreversible");
  }
}

/** A JS/TS migration as SQL, without a database where that is possible. Load all scripts in order before one. */
export async function loadScript(file: MigrationFile): Promise<Migration> {
  const base = basename(file.paths[0] ?? "");
  const script = await importScript(file);
  const action = upAction(script, base);
  const up = await tryBuild(action, script, false).catch((error: unknown) => {
    throw new FileProblemError({ file: base, text: `its function up failed: ${told(error)}` });
  });
  const known = up === "dynamic" ? undefined : up;
  return {
    ...file,
    up: known === undefined ? undefined : { sql: known.sql, file: base, line: undefined },
    ...(await downOf(script, action)),
    transaction: known?.transaction ?? true,
    phase: "unknown",
    lockTimeoutMs: undefined,
    allowed: [],
  };
}

/** The SQL of a dynamic migration, made while `live` is inside its transaction. */
export async function buildDynamic(file: MigrationFile, live: LiveDatabase): Promise<string> {
  const script = await importScript(file);
  const action = upAction(script, basename(file.paths[0] ?? ""));
  const pulse = new Pulse();
  return (await build(action, online(live, pulse), { shorthands: script.shorthands, reverse: false, pulse })).sql;
}
