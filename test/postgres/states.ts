import { chmodSync } from "node:fs";
import { afterEach, beforeEach } from "vitest";
import { folder, headgate, type Result } from "../support/headgate.ts";

export const both = (up: string, down: string): string => `-- Up Migration\n${up}\n-- Down Migration\n${down}\n`;

export const APPLIED = {
  "001_orders.sql": both("CREATE TABLE orders (id serial PRIMARY KEY, note text);", "DROP TABLE orders;"),
};
export const PENDING = {
  "002_city.sql": both("ALTER TABLE orders ADD COLUMN city text;", "ALTER TABLE orders DROP COLUMN city;"),
  "003_note.sql": both(
    "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;",
    "ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;",
  ),
};

type Env = Readonly<Record<string, string>>;

/** What is applied as files, and a folder for all else, anew for each test. */
export interface StateScene {
  readonly files: ReturnType<typeof folder>;
  readonly desk: ReturnType<typeof folder>;
  rehearse(env: Env, from: string, ...args: readonly string[]): Promise<Result>;
  /** On a PostgreSQL of its own, in the desk's folder, which tells what is left. */
  onOwn(env: Env, from: string): Promise<Result>;
}

export function useStates(): StateScene {
  let files: ReturnType<typeof folder>;
  let desk: ReturnType<typeof folder>;
  beforeEach(() => {
    files = folder(APPLIED);
    desk = folder({});
    // Where tests run as root, the server's account is another.
    chmodSync(desk.path, 0o1777);
  });
  afterEach(() => {
    files.remove();
    desk.remove();
  });
  const rehearse = async (env: Env, from: string, ...args: readonly string[]): Promise<Result> =>
    await headgate(["rehearse", "--dir", files.path, "--from", from, ...args], env);
  return {
    get files() {
      return files;
    },
    get desk() {
      return desk;
    },
    rehearse,
    onOwn: async (env, from) => await rehearse({ TMPDIR: desk.path, ...env }, from),
  };
}

/** Lines of what a rehearsal printed. */
export const withoutTimes = (text: string): string[] =>
  text
    .replaceAll(/up [\d.]+ m?s/g, "up N")
    .trimEnd()
    .split("\n");
