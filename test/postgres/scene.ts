import { rmSync } from "node:fs";
import { afterEach, beforeEach, vi } from "vitest";
import { isRecord } from "../../agent/lib/records.ts";
import { createDatabase, type Database } from "../support/database.ts";
import { folder, type Result, type Running, startHeadgate } from "../support/headgate.ts";

type Files = Readonly<Record<string, string | Buffer>>;

/** A fresh database and a folder of migrations for each test of a file. */
export interface Scene {
  readonly database: Database;
  /** The migration files. */
  readonly files: ReturnType<typeof folder>;
  /** The arguments that name the values. */
  readonly valuesArgs: readonly string[];
  remove(file: string): void;
  /** Values of the chart for every command from now on. Risks stop nothing unless `plan.refuse` is among them. */
  values(values: Readonly<Record<string, unknown>>): void;
  start(...args: readonly string[]): Running;
  run(...args: readonly string[]): Promise<Result>;
  /** As `run`, as another role of the database. */
  runAs(url: string, ...args: readonly string[]): Promise<Result>;
  json(...args: readonly string[]): Promise<Record<string, unknown>>;
}

export function useScene(initial: Files = {}): Scene {
  let database: Database;
  let files: ReturnType<typeof folder>;
  let desk: ReturnType<typeof folder>;
  let valuesArgs: readonly string[] = [];
  beforeEach(async () => {
    database = await createDatabase();
    files = folder(initial);
    desk = folder({});
    scene.values({});
  });
  afterEach(async () => {
    files.remove();
    desk.remove();
    await database.drop();
  });
  const startAs = (url: string, args: readonly string[]) =>
    startHeadgate([...args, "--dir", files.path, ...valuesArgs], { DATABASE_URL: url });
  const scene: Scene = {
    get database() {
      return database;
    },
    get files() {
      return files;
    },
    get valuesArgs() {
      return valuesArgs;
    },
    remove: (file) => rmSync(`${files.path}/${file}`),
    values(values) {
      // Scenes are about something else than the danger of what they migrate.
      const plan = { refuse: "never", ...(isRecord(values.plan) ? values.plan : {}) };
      desk.write({ "values.yaml": JSON.stringify({ ...values, plan }) });
      valuesArgs = ["-f", `${desk.path}/values.yaml`];
    },
    start: (...args) => startAs(database.url, args),
    run: async (...args) => await startAs(database.url, args).result,
    runAs: async (url, ...args) => await startAs(url, args).result,
    json: async (...args) => JSON.parse((await startAs(database.url, [...args, "--json"]).result).stdout),
  };
  return scene;
}

/** Tries again until `assert` no longer throws; the machine may be slow. */
export const eventually = async <T>(assert: () => T | Promise<T>): Promise<T> =>
  await vi.waitFor(assert, { timeout: 30_000, interval: 50 });

/** Whether a session of the agent waits for a lock, or runs a statement that holds `text`. */
export const activityOf = async (
  database: Database,
  text: string,
): Promise<readonly { pid: number; application_name: string; wait_event_type: string | null }[]> =>
  await database.sql(
    `SELECT pid, application_name, wait_event_type FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'headgate:%' AND pid <> pg_backend_pid()
       AND state = 'active' AND query LIKE '%${text}%'`,
  );

/** The running statement's backend, once there is one. */
export async function backendRunning(database: Database, text: string): Promise<number> {
  return await eventually(async () => {
    const [found] = await activityOf(database, text);
    if (found === undefined) throw new Error(`nothing runs ${text} yet`);
    return found.pid;
  });
}
