import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Found, Peer } from "./peer.ts";

const psql = (program: string): Peer => ({
  name: "psql",
  command: ({ script, url }) => ({
    program,
    args: ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", script],
    env: {},
  }),
});

/** On Debian the PATH's psql is a Perl script, whose start is longer than psql's own. */
function isWrapper(program: string): boolean {
  const candidates = program.includes("/")
    ? [program]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  return candidates.some((path) => {
    try {
      return realpathSync(path).endsWith("/pg_wrapper");
    } catch {
      return false;
    }
  });
}

/** psql as `program` names it. It keeps no history. */
export function findPsql(program: string): Found {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 10_000 });
  if (status !== 0) {
    return { peer: undefined, version: undefined, footnote: `psql: no ${program} here, so it was not measured.` };
  }
  const wrapped = isWrapper(program) ? " Here it is Debian's wrapper script: --psql names the program itself." : "";
  return {
    peer: psql(program),
    version: `psql ${/\d[\d.]*/.exec(stdout)?.[0] ?? "?"}`,
    footnote: `psql: one file, a transaction a migration; it keeps no history, so no no-op.${wrapped}`,
  };
}
