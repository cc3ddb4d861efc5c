import { describePrograms, findPrograms, type Program } from "../postgres/dump-programs.ts";
import type { ServerFacts } from "../postgres/session.ts";
import { backupFailed } from "./context.ts";

type Env = Readonly<Record<string, string | undefined>>;

export const majorOf = ({ version }: Pick<ServerFacts, "version">): number => Math.floor(version / 10_000);

const missing = (name: string, major: number, found: readonly Program[]) =>
  backupFailed({
    what: `no ${name} of PostgreSQL ${major} or later is here: in PATH and /usr/lib/postgresql there is ${found.length === 0 ? "none" : describePrograms(found)}`,
    fix: `install it: apt-get install postgresql-client-${major}; in a pod build your image from headgate:VERSION-backup, which has it`,
  });

/** The oldest that is new enough: what a later one writes, an older server may not take back. */
async function fitting(name: "pg_dump" | "pg_restore", major: number, env: Env): Promise<Program> {
  const programs = await findPrograms(name, env);
  const found = programs.find((one) => one.major >= major);
  if (found === undefined) throw missing(name, major, programs);
  return found;
}

export interface Clients {
  readonly dump: Program;
  readonly restore: Program;
}

/** What dumps a server of that version and reads the dump. Rejects with `backup-failed`. */
export async function findClients(facts: Pick<ServerFacts, "version">, env: Env): Promise<Clients> {
  const dump = await fitting("pg_dump", majorOf(facts), env);
  return { dump, restore: await fitting("pg_restore", dump.major, env) };
}

/** What reads an archive that a client of this version wrote, `16.14`. */
export const findReader = async (clientVersion: string, env: Env): Promise<Program> =>
  await fitting("pg_restore", Number.parseInt(clientVersion, 10) || 0, env);
