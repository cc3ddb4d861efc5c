import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listMigrations } from "../../agent/migrations/listing.ts";
import { connect } from "../../agent/postgres/client.ts";
import type { Connection } from "../../agent/postgres/connection.ts";
import { openSession, type Session } from "../../agent/postgres/session.ts";
import { sqlstateOf } from "../../agent/postgres/sqlstate.ts";
import { loadDeskSettings } from "../../agent/settings/load.ts";
import { forecast } from "../../agent/stages/forecast.ts";
import { inspectFiles } from "../../agent/stages/inspect.ts";
import type { PlannedMigration } from "../../agent/stages/state.ts";
import { type Bench, openBench, type Traced, traceStatements } from "../../agent/stages/trace-statements.ts";
import { weigh } from "../../agent/stages/weigh.ts";
import { createDatabase, type Database } from "../support/database.ts";

export const FIXTURES = join(import.meta.dirname, "../fixtures/migrations");
const SCHEMA = readFileSync(join(FIXTURES, "schema.sql"), "utf8");
const OWN_SCHEMA = "headgate";

/** A file of the fixtures and what became of it on one server. */
export interface Outcome {
  readonly file: string;
  /** SQLSTATE of the statement that failed; undefined when it ran through. */
  readonly failed: string | undefined;
  readonly statements: readonly { readonly sql: string; readonly traced: Traced }[];
  /** What the rules say of it, with the lock modes that they name. */
  readonly claims: readonly Claim[];
}

/** What a danger says of locks and rows. */
export interface Claim {
  readonly rule: string;
  readonly danger: string;
  readonly modes: readonly string[];
  readonly writtenAnew: boolean;
}

const toConnection = (url: string): Connection => {
  const { hostname, port, pathname, username } = new URL(url);
  return {
    ...{ host: hostname, port: Number(port), database: pathname.slice(1), user: username, password: undefined },
    tls: { mode: "disable", caFile: undefined, certFile: undefined, keyFile: undefined },
    options: undefined,
  };
};

async function withBench<T>(database: Database, work: (bench: Bench) => Promise<T>): Promise<T> {
  const connection = toConnection(database.url);
  const options = { applicationName: "headgate:test", timeoutMs: 10_000 };
  const { database: settings } = await loadDeskSettings(undefined);
  const session = await openSession(connection, { ...options, database: settings });
  const watcher = await connect(connection, options);
  const holder = await connect(connection, options);
  try {
    return await work(await openBench(session, [watcher, holder], OWN_SCHEMA));
  } finally {
    await Promise.all([watcher.close(), holder.close()]);
    await session.close();
  }
}

const toClaim = ({ rule, danger }: { rule: string; danger: string }): Claim => ({
  ...{ rule, danger },
  modes: [...danger.matchAll(/\(([A-Z][A-Z ]+[A-Z]) lock(?! on the index)/g)].map(([, mode = ""]) => mode),
  writtenAnew: /written anew/.test(danger),
});

async function asOnServer(planned: PlannedMigration, session: Session): Promise<PlannedMigration> {
  const [weighed = planned] = await weigh([planned], session);
  return weighed;
}

async function tryOne(database: Database, planned: PlannedMigration): Promise<Outcome> {
  return await withBench(database, async (bench) => {
    const here = await asOnServer(planned, bench.session);
    const [plan] = await forecast({ migrations: [here] }, bench.session);
    const { migration } = here;
    const statements = here.statements() ?? [];
    const found: Traced[] = [];
    const failed = await traceStatements(bench, { migration, statements, plans: plan?.statements ?? [] }, (one) =>
      found.push(one),
    ).then(
      () => undefined,
      (error: unknown) => {
        const state = sqlstateOf(error);
        if (state === undefined) throw error;
        return state;
      },
    );
    return {
      ...{ file: migration.name, failed },
      statements: found.map((traced, at) => ({ sql: statements[at]?.sql ?? "", traced })),
      claims: here.findings.flat().map(toClaim),
    };
  });
}

async function planned(folder: string): Promise<readonly PlannedMigration[]> {
  const dir = join(FIXTURES, folder);
  const files = listMigrations(dir);
  return await inspectFiles(files, { all: files, dir, ownSchema: OWN_SCHEMA, anew: true, alone: true });
}

async function onSchema<T>(adminUrl: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await createDatabase(adminUrl);
  try {
    await database.sql(SCHEMA);
    return await work(database);
  } finally {
    await database.drop();
  }
}

/** What cannot work at all is not tried: `plan --trace` refuses it. */
const canWork = ({ findings }: PlannedMigration): boolean => findings.flat().every(({ acceptable }) => acceptable);

const ruleOf = ({ migration }: PlannedMigration): string => /HG\d{3}/.exec(migration.name)?.[0] ?? migration.name;

/** On the schema of the fixtures, one after the other, each planned when those before it are applied. */
const tryInOrder = async (adminUrl: string, all: readonly PlannedMigration[]): Promise<Outcome[]> =>
  await onSchema(adminUrl, async (database) => {
    const outcomes: Outcome[] = [];
    for (const one of all) outcomes.push(await tryOne(database, one));
    return outcomes;
  });

/** Each dangerous file by itself, and the safe ones of each rule in their order. */
export async function tryFixtures(adminUrl: string): Promise<readonly Outcome[]> {
  const unsafe = (await planned("unsafe")).filter(canWork).map((one) => [one]);
  const safe = Map.groupBy(await planned("safe"), ruleOf).values();
  const outcomes: Outcome[] = [];
  for (const group of [...safe, ...unsafe]) outcomes.push(...(await tryInOrder(adminUrl, group)));
  return outcomes;
}
