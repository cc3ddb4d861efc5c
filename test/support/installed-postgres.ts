import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const PROGRAMS = ["initdb", "postgres", "pg_dump", "pg_restore"];

/** The folder of a PostgreSQL that has server and client programs; the embedded one has no pg_dump. Throws where none is installed. */
export function installedPostgres(): string {
  const named = process.env.HEADGATE_TEST_PG_DUMP ?? "";
  if (named !== "" && !existsSync(named)) throw new Error(`HEADGATE_TEST_PG_DUMP names ${named}, which is not there`);
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...(named === "" ? [] : [dirname(named)]), ...versions.map((one) => join(debian, one, "bin"))];
  const found = folders.find((bin) => PROGRAMS.every((name) => existsSync(join(bin, name))));
  if (found !== undefined) return found;
  throw new Error(
    `these tests want a PostgreSQL with server and client programs: apt-get install postgresql, or name its pg_dump in HEADGATE_TEST_PG_DUMP; looked in ${folders.join(", ") || debian}`,
  );
}
