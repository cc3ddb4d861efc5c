import { HeadgateError } from "../errors/headgate-error.ts";
import { formatDuration } from "../lib/duration.ts";
import { reasonOf } from "../lib/reason.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import type { Check, CheckContext, Obstacle } from "./check.ts";

const TIMEOUT_MS = 10_000;

/** Tables and sequences that pg_dump would read and the role may not. */
const HIDDEN = `SELECT c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END
ORDER BY 1 LIMIT 6`;

/** Tables of which a policy shows the role only a part: pg_dump stops at them. */
const FILTERED = `SELECT c.oid::regclass::text AS name FROM pg_class AS c
WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND row_security_active(c.oid) ORDER BY 1 LIMIT 6`;

const MAY_CREATE = "SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = session_user";

type Problem = Pick<Obstacle, "what" | "fix">;

const problemOf = async (work: () => Promise<unknown>): Promise<Problem[]> => {
  try {
    await work();
    return [];
  } catch (error) {
    const fix = error instanceof Error && "fix" in error ? String(error.fix) : "mend what it says";
    return [{ what: reasonOf(error), fix }];
  }
};

const listed = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(", ")}${names.length > 5 ? " and more" : ""}`;

async function unreadable({ session }: CheckContext): Promise<Problem[]> {
  const hidden = (await session.query(HIDDEN)).map((row) => String(row.name));
  const filtered = (await session.query(FILTERED)).map((row) => String(row.name));
  const role = quoteIdentifier(session.facts.role);
  const problems: Problem[] = [];
  if (hidden.length > 0)
    problems.push({
      what: `the role ${role} may not read ${listed(hidden)}, which a backup wants to`,
      fix: `as an administrator: GRANT pg_read_all_data TO ${role}`,
    });
  if (filtered.length > 0)
    problems.push({
      what: `row-level security hides rows of ${listed(filtered)} from the role ${role}, and a backup wants all of them`,
      fix: `as an administrator: ALTER ROLE ${role} BYPASSRLS`,
    });
  return problems;
}

async function noScratch({ session, settings, scratch }: CheckContext): Promise<Problem[]> {
  if (settings.backup.verify !== "restore" || scratch !== undefined) return [];
  const [row = {}] = await session.query(MAY_CREATE);
  if (row.may === true) return [];
  const role = quoteIdentifier(session.connection.user);
  return [
    {
      what: `backup.verify is restore, and the role ${role} may not create the database to restore into`,
      fix: `as an administrator: ALTER ROLE ${role} CREATEDB; or name another server in HEADGATE_REHEARSAL_URL`,
    },
  ];
}

async function reachStore(context: CheckContext): Promise<void> {
  const { openStore } = await import("../backup/open-store.ts");
  const store = await openStore(context);
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    await store.check(late);
  } catch (error) {
    if (!late.aborted) throw error;
    throw new HeadgateError("backup-failed", {
      what: `${store.where} did not answer in ${formatDuration(TIMEOUT_MS)}`,
      fix: "look whether it is up, and whether this pod may reach it",
      cause: error,
    });
  }
}

async function dumpProblems(context: CheckContext): Promise<Problem[]> {
  const { session, env } = context;
  const { findClients } = await import("../backup/clients.ts");
  const found = await Promise.all([
    problemOf(async () => await reachStore(context)),
    problemOf(async () => await findClients(session.facts, env)),
    unreadable(context),
    noScratch(context),
  ]);
  return found.flat();
}

async function pointProblems({ session }: CheckContext): Promise<Problem[]> {
  const [row = {}] = await session.query(
    "SELECT has_function_privilege('pg_create_restore_point(text)', 'EXECUTE') AS may",
  );
  if (row.may === true) return [];
  const role = quoteIdentifier(session.facts.role);
  return [
    {
      what: `the role ${role} may not make a restore point`,
      fix: `as an administrator: GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO ${role}`,
    },
  ];
}

async function problemsOf(context: CheckContext): Promise<Problem[]> {
  const { strategy } = context.settings.backup;
  if (strategy === "restore-point") return await pointProblems(context);
  return strategy === "command" ? [] : await dumpProblems(context);
}

/** Whether a backup could be made: where it goes, what makes it, and what the role may read. A run that needs none goes on without. */
export const backupTarget: Check = {
  name: "backup-target",
  async run(context) {
    const { strategy, when } = context.settings.backup;
    if (strategy === "none" || when === "never") return undefined;
    const problems = await problemsOf(context);
    if (problems.length === 0) return undefined;
    return {
      ...(when === "always" ? {} : { severity: "warning" }),
      what: problems.map(({ what }) => what).join("; "),
      fix: problems.map(({ fix }) => fix).join("; "),
    };
  },
};
