import type { HeadgateError } from "../errors/headgate-error.ts";
import { elapsed } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { MigrationFile } from "../migrations/types.ts";
import { type Client, connect } from "../postgres/client.ts";
import type { Connection } from "../postgres/connection.ts";
import { type Likeness, liken } from "../postgres/dump-likeness.ts";
import { type Fingerprint, fingerprint } from "../postgres/fingerprint.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import { throwawayDatabase } from "../postgres/throwaway-database.ts";
import type { Context } from "../stages/context.ts";
import { type Goal, ontoFiles } from "../stages/going.ts";
import { migrate } from "../stages/migrate.ts";
import { plan } from "../stages/plan.ts";
import { revert } from "../stages/revert.ts";
import { smoke } from "../stages/smoke.ts";
import type { Stage } from "../stages/stage.ts";
import { verify } from "../stages/verify.ts";
import { openWorkSession } from "../stages/wait.ts";
import { type RunResult, runStages } from "./runner.ts";

/** Where a rehearsal takes place. */
export interface Place {
  /** A database of a server whose role may create others. */
  readonly connection: Connection;
  /** Nobody else's server: a role that the settings name is made there. */
  readonly own: boolean;
  /** What each database is a copy of; undefined: it is empty. */
  readonly origin?: Origin;
}

/** A database that is copied, and that nobody is connected to. */
export interface Origin {
  /** Its name. */
  readonly template: string;
  readonly likeness: Likeness;
  /** Indexes that were invalid before. */
  readonly invalidBefore: readonly string[];
}

/** What a run on the throwaway database came to. */
export interface Tried {
  /** Of the migrations themselves, where one was done. */
  readonly durationMs: number;
  /** Undefined when it went well. */
  readonly error: HeadgateError | undefined;
  readonly state: RunResult["state"];
}

/** The throwaway database of the moment, and what is done on it: by the stages that do it in a release. */
export interface Bench {
  /** server_version. */
  readonly version: string;
  /** Applies what is pending of these files. */
  up(files: readonly MigrationFile[]): Promise<Tried>;
  /** Takes everything back that came after `stays`; undefined is all. `files` are those that are applied. */
  down(files: readonly MigrationFile[], stays: string | undefined): Promise<Tried>;
  smoke(): Promise<Tried>;
  print(): Promise<Fingerprint>;
  /** Goes on with a new database instead of this one: empty, or a copy of the place's origin. */
  renew(): Promise<void>;
}

/** What goes well is told by the result, and each warning would be told once a step. */
export const silent = (log: Log): Log => ({ ...log, info: log.debug, warn: log.debug });

/** The context of a run that nobody waits for, and that may lose rows. What is ahead of the files and was left, stays. */
function rehearsing(context: Context): Context {
  const { settings } = context;
  const onAhead = settings.rollback.onAhead === "tolerate" ? "tolerate" : "auto";
  return {
    ...context,
    settings: {
      ...settings,
      plan: { ...settings.plan, expected: "", refuse: "never" },
      rollback: { ...settings.rollback, delay: "0s", onAhead },
      drift: { ...settings.drift, record: false },
    },
    log: silent(context.log),
  };
}

/** The session of a run on a throwaway database. */
export const openForWork: Stage = {
  name: "wait",
  changes: "nothing",
  run: async (context) => ({ state: { session: await openWorkSession(context, true) }, summary: "" }),
};

/** Nobody's fault but the files': the others end the rehearsal. */
const isAboutFiles = ({ exitCode }: HeadgateError): boolean => [3, 6, 7, 8].includes(exitCode);

async function attempt(context: Context, origin: Origin | undefined, stages: readonly Stage[]): Promise<Tried> {
  const began = elapsed();
  const { invalidBefore = [] } = origin ?? {};
  const { error, state } = await runStages(context, { stages: [openForWork, ...stages], state: { invalidBefore } });
  const done = [...(state.applied ?? []), ...(state.reverted ?? [])];
  const durationMs = done.length === 0 ? elapsed() - began : done.reduce((sum, one) => sum + one.durationMs, 0);
  await state.session?.close();
  if (error !== undefined && !isAboutFiles(error)) throw error;
  return { durationMs, error, state };
}

/** Of a role that may be there. */
export const createRoleSql = (role: string): string =>
  `DO ${quoteLiteral(`BEGIN IF to_regrole(${quoteLiteral(quoteIdentifier(role))}) IS NULL THEN CREATE ROLE ${quoteIdentifier(role)}; END IF; END`)}`;

/** What has to be there before Headgate's first run, and in a release is. A copy has it, or lacks it as its origin does. */
function provisioning({ settings, names }: Context, database: string, { own, origin }: Place): string[] {
  const role = settings.database.role;
  const { schema } = names.pgmigrationsName;
  if (origin !== undefined) return [];
  return [
    ...(role !== "" && own ? [createRoleSql(role)] : []),
    ...(role === "" ? [] : [`ALTER DATABASE ${quoteIdentifier(database)} OWNER TO ${quoteIdentifier(role)}`]),
    ...(schema === "public"
      ? []
      : [`CREATE SCHEMA ${quoteIdentifier(schema)}${role === "" ? "" : ` AUTHORIZATION ${quoteIdentifier(role)}`}`]),
  ];
}

interface Made {
  readonly connection: Connection;
  /** Stays connected: what it knows of the catalogs makes the next fingerprint cheaper. */
  readonly eye: Client;
  readonly drop: () => Promise<void>;
}

async function makeDatabase(context: Context, place: Place): Promise<Made> {
  const { template, likeness } = place.origin ?? {};
  const { signal } = context;
  const { connection, drop } = await throwawayDatabase(place.connection, { template, signal }).catch((error) => {
    signal.throwIfAborted();
    throw error;
  });
  try {
    if (likeness !== undefined) await liken(place.connection, connection.database, likeness);
    const eye = await connect(connection, { applicationName: context.applicationName, timeoutMs: 10_000 });
    for (const sql of provisioning(context, connection.database, place)) await eye.query(sql);
    return { connection, eye, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** Runs `work` with a throwaway database, which is dropped whatever happens. */
export async function withBench<T>(context: Context, place: Place, work: (bench: Bench) => Promise<T>): Promise<T> {
  const { origin } = place;
  let made = await makeDatabase(context, place);
  const base = { ...rehearsing(context), source: async () => made.connection };
  const leftOut = { schemas: [context.names.schemaName], tables: [context.names.pgmigrationsName] };
  try {
    const [row = {}] = await made.eye.query("SHOW server_version");
    return await work({
      version: String(row.server_version),
      up: async (files) =>
        await attempt({ ...base, command: "migrate", going: ontoFiles, files }, origin, [plan, migrate, verify]),
      async down(files, stays) {
        const goal: Goal = stays === undefined ? { kind: "all" } : { kind: "to", name: stays };
        const going = { goal, acceptDataLoss: true, consent: undefined };
        return await attempt({ ...base, command: "revert", going, files }, origin, [plan, revert, verify]);
      },
      smoke: async () => await attempt({ ...base, command: "smoke" }, origin, [smoke]),
      print: async () => await fingerprint(made.eye, { leftOut }),
      async renew() {
        await made.eye.close();
        await made.drop();
        made = await makeDatabase(context, place);
      },
    });
  } finally {
    await made.eye.close();
    await made.drop();
  }
}
