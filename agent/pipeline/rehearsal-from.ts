import { HeadgateError } from "../errors/headgate-error.ts";
import { inUnits } from "../lib/units.ts";
import type { MigrationFile } from "../migrations/types.ts";
import { connect } from "../postgres/client.ts";
import { type Likeness, liken, readLikeness } from "../postgres/dump-likeness.ts";
import { identityAt, identityOf, isSameServer } from "../postgres/dump-server.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { type ThrowawayDatabase, throwawayDatabase } from "../postgres/throwaway-database.ts";
import type { Context } from "../stages/context.ts";
import { refuseStranger } from "../stages/schemas.ts";
import { lookAtOriginal, type Original } from "../stages/trace-copy.ts";
import { openWorkSession } from "../stages/wait.ts";
import { createRoleSql, type Place } from "./rehearsal-bench.ts";
import { dumpAt, withDumpOf } from "./rehearsal-from-dump.ts";
import { type Dump, loadDump } from "./rehearsal-from-load.ts";
import { findStart, type Standing } from "./rehearsal-from-start.ts";

/** The state that a rehearsal begins with. */
export interface From {
  /** `database` is the one that the connection names; else the path of a dump. */
  readonly from: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A database that holds the state, and that every other is a copy of. */
interface Seed extends ThrowawayDatabase {
  readonly likeness: Likeness;
  /** As people call what it was made of. */
  readonly name: string;
  readonly rows: boolean;
}

const NOBODYS: Likeness = { owner: undefined, grants: [], settings: [] };

interface Copying {
  readonly original: Original;
  readonly likeness: Likeness;
  readonly name: string;
}

function notCopied(error: unknown, { original: { visitors }, likeness, name }: Copying): unknown {
  if (!(error instanceof HeadgateError) || error.id !== "no-throwaway-database") return error;
  return new HeadgateError("no-throwaway-database", {
    what: error.message,
    details: [...error.details, ...visitors.map((who) => `connected: ${who}`)],
    fix: isState(error.cause, SQLSTATE.objectInUse)
      ? `stop what is connected to ${name} and run again; or unset HEADGATE_REHEARSAL_URL: then pg_dump copies the schema, without rows, and they may stay`
      : `name ${name}'s owner ${likeness.owner} in HEADGATE_REHEARSAL_URL, which needs CREATEDB, or a superuser; or unset it: then pg_dump copies the schema, without rows`,
    stands: "nothing was changed",
    cause: error,
  });
}

async function copyOf({ log, signal }: Context, { connection }: Place, copying: Copying): Promise<Seed> {
  const { original, likeness, name } = copying;
  const size = inUnits(original.bytes);
  log.info(`copying ${name} (${size}) on its server, and for each start a copy of the copy: at most two at a time`);
  try {
    const made = await throwawayDatabase(connection, { template: name, signal });
    return { ...made, likeness, name, rows: true };
  } catch (error) {
    signal.throwIfAborted();
    throw notCopied(error, copying);
  }
}

/** On a server of our own every role is made that is named; on another one only those count that are there. */
async function withRoles(place: Place, likeness: Likeness, role: string): Promise<Likeness> {
  const { owner, grants } = likeness;
  const client = await connect(place.connection, { applicationName: "headgate:throwaway", timeoutMs: 10_000 });
  try {
    const named = new Set([owner, role, ...grants.map((grant) => grant.role)]);
    for (const name of named)
      if (place.own && name !== undefined && name !== "") await client.query(createRoleSql(name));
    const rows = await client.query("SELECT rolname FROM pg_roles");
    const there = new Set(rows.map(({ rolname }) => String(rolname)));
    return {
      ...likeness,
      owner: owner !== undefined && there.has(owner) ? owner : undefined,
      grants: grants.filter((grant) => there.has(grant.role)),
    };
  } finally {
    await client.close();
  }
}

async function load(context: Context, { connection, own }: Place, dump: Dump): Promise<void> {
  const { signal, log } = context;
  const client = await connect(connection, { applicationName: context.applicationName, timeoutMs: 10_000 });
  const cut = () => client.abandon();
  signal.addEventListener("abort", cut, { once: true });
  try {
    await loadDump(dump, { client, own, signal, warn: log.warn });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
    await client.close();
  }
}

interface Loading {
  readonly dump: Dump;
  readonly likeness: Likeness;
  readonly name: string;
  readonly rows: boolean;
}

async function loaded(context: Context, place: Place, { dump, likeness, name, rows }: Loading): Promise<Seed> {
  const known = await withRoles(place, likeness, context.settings.database.role);
  // As pg_dump has it: what it writes is what a database has beyond template0.
  const made = await throwawayDatabase(place.connection, { template: "template0", signal: context.signal });
  try {
    await load(context, { ...place, connection: made.connection }, dump);
    return { ...made, likeness: known, name, rows };
  } catch (error) {
    await made.drop();
    throw error;
  }
}

const majorOf = (version: string): string => version.split(".")[0] ?? "";

interface Reading {
  readonly session: Session;
  readonly env: From["env"];
}

/** What is copied once nobody is connected to it any more; or, of another server, the copy. */
async function fromSession(context: Context, place: Place, { session, env }: Reading): Promise<Copying | Seed> {
  await refuseStranger(context, session);
  const { database: name, versionText } = session.facts;
  const likeness = await readLikeness(session);
  const copying = { original: await lookAtOriginal(session), likeness, name };
  const there = await identityAt(place.connection);
  if (isSameServer(await identityOf(session), there)) return copying;
  if (majorOf(versionText) !== majorOf(there.version))
    context.log.warn(`${name} is on PostgreSQL ${versionText}, and the rehearsal on ${there.version}`);
  context.log.info(`reading the schema of ${name} with pg_dump, and what is applied; no other rows`);
  return await withDumpOf(
    context,
    { session, env },
    async (dump) => await loaded(context, place, { dump, likeness, name, rows: false }),
  );
}

async function ofDatabase(context: Context, place: Place, { env }: From): Promise<Seed> {
  const session = await openWorkSession(context, false);
  const found = await fromSession(context, place, { session, env }).finally(async () => await session.close());
  // Nobody may be connected to it now, not even this run.
  return "original" in found ? await copyOf(context, place, found) : found;
}

/** An empty table of ours says nothing of what is applied; a dump without rows has one. */
async function refuseWithoutRows({ names }: Context, { connection, name }: Seed, making: string): Promise<void> {
  const client = await connect(connection, { applicationName: "headgate:throwaway", timeoutMs: 10_000 });
  try {
    const [there = {}] = await client.query(`SELECT to_regclass(${quoteLiteral(names.meta)}) IS NOT NULL AS yes`);
    const [rows = {}] = there.yes === true ? await client.query(`SELECT count(*)::int AS rows FROM ${names.meta}`) : [];
    if (rows.rows !== 0) return;
  } finally {
    await client.close();
  }
  throw new HeadgateError("no-throwaway-database", {
    what: `${name} has Headgate's tables without their rows, so nothing says what is applied`,
    fix: `add them, as the second command does:\n${making}`,
    stands: "nothing was changed",
  });
}

async function ofDump(context: Context, place: Place, { from, env }: From): Promise<Seed> {
  const { role } = context.settings.database;
  const dump = await dumpAt(from, context, env);
  context.log.info(`loading ${from}`);
  const likeness = role === "" ? NOBODYS : { ...NOBODYS, owner: role };
  const seed = await loaded(context, place, { dump, likeness, name: from, rows: true });
  try {
    await refuseWithoutRows(context, seed, dump.making);
    return seed;
  } catch (error) {
    await seed.drop();
    throw error;
  }
}

/** What a rehearsal on a state begins with. */
export interface Prepared extends Standing {
  /** As people call the state. */
  readonly name: string;
  /** Where every database is a copy of it. */
  readonly place: Place;
}

async function seedOf(context: Context, place: Place, from: From): Promise<Seed> {
  return from.from === "database" ? await ofDatabase(context, place, from) : await ofDump(context, place, from);
}

/**
 * Prepares a database in the state that `from` names, for as long as `work` takes, and settles in it what `migrate` would
 * settle or refuse first. Rejects with `no-throwaway-database` when the state is not to be had, and as `migrate` does.
 */
export async function withState<T>(
  context: Context,
  { place, from, files }: { readonly place: Place; readonly from: From; readonly files: readonly MigrationFile[] },
  work: (prepared: Prepared) => Promise<T>,
): Promise<T> {
  const seed = await seedOf(context, place, from);
  try {
    const refused = await liken(place.connection, seed.connection.database, seed.likeness);
    for (const line of refused) context.log.warn(`the rehearsal goes without: ${line}`);
    const standing = await findStart(context, { connection: seed.connection, files, rows: seed.rows });
    const { invalidBefore } = standing;
    const origin = { template: seed.connection.database, likeness: seed.likeness, invalidBefore };
    return await work({ ...standing, name: seed.name, place: { ...place, origin } });
  } finally {
    await seed.drop();
  }
}
