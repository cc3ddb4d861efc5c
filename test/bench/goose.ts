import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hashTexts } from "../cluster/harness/hash.ts";
import { cacheFolder } from "../cluster/harness/paths.ts";
import type { Found, Peer } from "./peer.ts";

const MODULE = "github.com/pressly/goose/v3";
const folder = join(import.meta.dirname, "goose");

/** Every driver but PostgreSQL's is left out: they would make its start longer than its users' own builds. */
const TAGS = "no_azuresql no_clickhouse no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb";

const goose = (program: string): Peer => ({
  name: "goose",
  command: ({ gooseDir, url }) => ({ program, args: ["-dir", gooseDir, "postgres", url, "up"], env: {} }),
  // Version 0 is the row with which it makes its table.
  appliedSql: "SELECT count(*)::int AS applied FROM goose_db_version WHERE version_id > 0",
  overSchemas: {
    command: ({ gooseDir, url }, schemas) => ({
      program: "sh",
      // As it is done for many schemas: a process each, which finds its tables by its search_path.
      args: [
        "-ec",
        'for schema; do "$GOOSE" -dir "$DIR" postgres "$URL&search_path=$schema" up; done',
        "sh",
        ...schemas,
      ],
      env: { GOOSE: program, DIR: gooseDir, URL: url },
      loop: true,
    }),
    appliedSql: `SELECT sum((xpath('/row/applied/text()', query_to_xml(format(
      'SELECT count(*) AS applied FROM %I.goose_db_version WHERE version_id > 0', nspname), false, true, '')))[1]::text::int)::int
      FROM pg_namespace WHERE nspname LIKE 'tenant%'`,
  },
});

function compile(target: string, version: string): void {
  const scratch = mkdtempSync(`${target}.`);
  try {
    const ldflags = `-s -w -X main.version=${version}`;
    const args = ["build", "-trimpath", "-buildvcs=false", "-tags", TAGS, "-ldflags", ldflags, "-o", `${scratch}/`];
    const { status, stderr, error } = spawnSync("go", [...args, `${MODULE}/cmd/goose`], {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: "0" },
      encoding: "utf8",
      timeout: 10 * 60_000,
    });
    if (status !== 0) throw new Error(error?.message ?? stderr.trim().split("\n").at(-1) ?? "go build failed");
    // Whole or not at all; another bench may have been faster.
    if (!existsSync(target)) renameSync(scratch, target);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const missing = (why: string): Found => ({
  peer: undefined,
  version: undefined,
  footnote: `goose: ${why}, so it was not measured.`,
});

/** goose, built once from its locked module and kept outside the checkout. */
export async function findGoose(): Promise<Found> {
  const [goMod, goSum] = ["go.mod", "go.sum"].map((name) => readFileSync(join(folder, name), "utf8"));
  const version = goMod?.match(new RegExp(`\\s${MODULE} (v\\S+)`))?.[1];
  if (version === undefined) throw new Error(`${folder}/go.mod does not require ${MODULE}`);
  const { status, stdout } = spawnSync("go", ["env", "GOOS", "GOARCH", "GOVERSION"], { cwd: folder, encoding: "utf8" });
  if (status !== 0) return missing("Go is not here to build it");
  const target = join(await cacheFolder("tools"), `goose-${hashTexts(goMod ?? "", goSum ?? "", TAGS, stdout)}`);
  try {
    if (!existsSync(target)) compile(target, version);
  } catch (error) {
    return missing(`it could not be built (${error instanceof Error ? error.message : String(error)})`);
  }
  return {
    peer: goose(join(target, "goose")),
    version: `goose ${version.slice(1)}`,
    footnote: "goose: built with PostgreSQL's driver only.",
  };
}
