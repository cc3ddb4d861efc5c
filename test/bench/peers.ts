import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FLAG } from "../../.ci/compile-bundle.ts";
import { findDbmate } from "./dbmate.ts";
import { findGoose } from "./goose.ts";
import type { Command, Found, Peer, Peers, Task } from "./peer.ts";
import { findPsql } from "./psql.ts";

/** Headgate as the image runs it: the bundle, and what is compiled of it. */
const headgateCommand = (main: string, { dir, url }: Task): Command => ({
  program: process.execPath,
  // As the image starts it, by the first line of its launcher.
  args: [FLAG, main, "migrate", "--dir", dir],
  env: {
    DATABASE_URL: url,
    NODE_ENV: "production",
    MALLOC_ARENA_MAX: "1",
  },
});

const HEADGATE_APPLIED = "SELECT count(*)::int AS applied FROM headgate.history WHERE state = 'applied'";

const headgate = (main: string): Found => ({
  peer: {
    name: "headgate",
    command: (task) => headgateCommand(main, task),
    appliedSql: HEADGATE_APPLIED,
    overSchemas: {
      command(task, schemas) {
        const values = join(task.home, "fleet.json");
        writeFileSync(values, JSON.stringify({ fleet: { schemas } }));
        const command = headgateCommand(main, task);
        return { ...command, args: [...command.args, "-f", values] };
      },
      appliedSql: HEADGATE_APPLIED,
    },
    prepare({ dir }) {
      const { status, stderr } = spawnSync(process.execPath, [main, "compile", "--dir", dir], { encoding: "utf8" });
      if (status !== 0) throw new Error(`headgate compile ended with ${status}: ${stderr}`);
    },
  },
  version: undefined,
  footnote: "headgate: the compiled bundle, and a folder that `headgate compile` has seen, as in an image.",
});

/** The same, without the delay that the others of its row have. */
const direct = ({ peer }: Found): Found => ({
  peer: peer && { ...peer, name: "headgate/direct", pastProxy: true },
  version: undefined,
  footnote: "headgate/direct: without the delay, in the same rounds.",
});

const nodePgMigrate = (cli: string, perTransaction: boolean): Peer => ({
  name: perTransaction ? "node-pg-migrate/per-tx" : "node-pg-migrate",
  command: ({ dir, url }) => ({
    program: process.execPath,
    args: [cli, "up", "--migrations-dir", dir, ...(perTransaction ? ["--no-single-transaction"] : [])],
    env: { DATABASE_URL: url },
  }),
  // It holds the locks of all its migrations until its one commit.
  limit: /out of shared memory/,
  ...(perTransaction ? {} : { appliedSql: "SELECT count(*)::int AS applied FROM pgmigrations" }),
});

const NODE_PG_MIGRATE =
  "node-pg-migrate: its own command line, one transaction for everything; /per-tx: --no-single-transaction; no-op the same.";

/** Who is measured here; Headgate is the first. `bundle` is the folder of its main.js. */
export async function findPeers(bundle: string, psqlProgram: string): Promise<Peers> {
  const manifest = createRequire(import.meta.url).resolve("node-pg-migrate/package.json");
  const cli = join(dirname(manifest), "bin", "node-pg-migrate.js");
  const ours = headgate(join(bundle, "main.js"));
  const found: readonly Found[] = [
    ours,
    direct(ours),
    { peer: nodePgMigrate(cli, false), version: undefined, footnote: NODE_PG_MIGRATE },
    { peer: nodePgMigrate(cli, true), version: undefined, footnote: "" },
    findPsql(psqlProgram),
    await findDbmate(),
    await findGoose(),
  ];
  return {
    measured: found.flatMap(({ peer }) => peer ?? []),
    versions: found.flatMap(({ version }) => version ?? []),
    footnotes: found.map(({ footnote }) => footnote).filter((text) => text !== ""),
  };
}
