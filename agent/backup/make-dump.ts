import { elapsed } from "../lib/clock.ts";
import { reasonOf } from "../lib/reason.ts";
import { type Digest, meter, provedArchive, readBack } from "./archive.ts";
import { takenNames } from "./catalog.ts";
import { type Clients, findClients } from "./clients.ts";
import { type Backup, type BackupContext, backupFailed, type Subject } from "./context.ts";
import { dumped } from "./dump.ts";
import { backupName, DUMP, RECORD } from "./name.ts";
import { startProgress } from "./progress.ts";
import { type Original, printAll, proveByRestore } from "./prove.ts";
import { type BackupRecord, recordText } from "./record.ts";
import { retain } from "./retention.ts";
import { sourceFacts, withSnapshot } from "./source-facts.ts";
import { NameTaken, type Store } from "./store.ts";
import { countRows, type Selection, selectRows } from "./tables.ts";

/** Names that are tried, a second apart, while others have taken them. */
const TRIES = 10;

/** What can be put away even when the run itself was told to stop. */
const CLEANING_MS = 20_000;

interface Plan {
  readonly store: Store;
  readonly subject: Subject;
  readonly clients: Clients;
  readonly selection: Selection | undefined;
}

interface Source {
  readonly snapshot: string | undefined;
  /** Rows and schema of the moment of the dump; undefined where they are not asked for. */
  readonly original: () => Promise<Original | undefined>;
}

/** Stores the dump under the first name that is free. */
async function store(context: BackupContext, { snapshot }: Source, plan: Plan): Promise<Digest & { name: string }> {
  const { settings, env, signal } = context;
  const { subject, clients, selection } = plan;
  const taken = await takenNames(plan.store, signal);
  let at = Date.now();
  for (let tries = 1; ; tries += 1) {
    let name = backupName(new Date(at), settings.history.target, subject.planHash);
    for (; taken.has(name); name = backupName(new Date(at), settings.history.target, subject.planHash)) at += 1_000;
    const progress = startProgress(context, `backup ${name}`);
    const measured = meter(progress);
    const options = { session: subject.session, snapshot, only: selection?.args ?? [] };
    const archive = provedArchive(dumped(context, clients.dump, options), clients.restore, {
      ...{ env, signal, failure: backupFailed },
    });
    try {
      await plan.store.put(`${name}${DUMP}`, measured.over(archive), signal);
      return { name, ...measured.digest() };
    } catch (error) {
      if (!(error instanceof NameTaken) || tries === TRIES) throw error;
      at += 1_000;
    } finally {
      progress.stop();
    }
  }
}

async function remove(context: BackupContext, from: Store, name: string): Promise<void> {
  await from.remove(`${name}${DUMP}`, AbortSignal.timeout(CLEANING_MS)).catch((error: unknown) => {
    context.log.warn(`${name}${DUMP} could not be removed from ${from.where}; it is no backup: ${reasonOf(error)}`);
  });
}

async function provedRecord(context: BackupContext, plan: Plan, source: Source): Promise<BackupRecord> {
  const { settings, signal, pod } = context;
  const { session, planHash, run } = plan.subject;
  const startedAt = new Date();
  const facts = await sourceFacts(session);
  const { name, bytes, sha256 } = await store(context, source, plan);
  try {
    const found = await readBack(plan.store, `${name}${DUMP}`, signal);
    if (found.bytes !== bytes || found.sha256 !== sha256)
      throw backupFailed({
        what: `${plan.store.where} gives back other bytes than it was given: ${found.bytes} of ${bytes}, sha256 ${found.sha256.slice(0, 12)}, and was ${sha256.slice(0, 12)}`,
        fix: "look at the storage before you trust it",
      });
    const original = await source.original();
    const record: BackupRecord = {
      ...{ format: 1, name, ...facts, target: settings.history.target, planHash: planHash ?? null },
      ...{ startedAt: startedAt.toISOString(), clientVersion: plan.clients.dump.version },
      strategy: plan.selection === undefined ? "dump" : "dump-touched",
      ...{ tables: plan.selection?.tables ?? null, rows: original?.rows ?? null, bytes, sha256 },
      verified: original === undefined ? "read" : "restore",
      release: pod === undefined ? null : `${pod.release.namespace}/${pod.release.name}:${pod.release.revision}`,
      run: run ?? null,
    };
    if (original !== undefined)
      await proveByRestore(context, { store: plan.store, record, own: session.connection, original });
    await plan.store.put(`${name}${RECORD}`, once(recordText(record)), signal);
    return record;
  } catch (error) {
    await remove(context, plan.store, name);
    throw error;
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** The tables of a dump of some; undefined for all of the database. */
async function selectionOf(
  { names, log }: BackupContext,
  { session, touched }: Subject,
): Promise<Selection | undefined> {
  if (touched === undefined) return undefined;
  const selection = await selectRows(session, touched, names);
  if (selection === undefined)
    log.info("the tables that stay untouched are too many to name to pg_dump: all of it is kept");
  return selection;
}

async function withSource<T>(
  context: BackupContext,
  { subject, selection }: Pick<Plan, "subject" | "selection">,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  if (context.settings.backup.verify === "read")
    return await work({ snapshot: undefined, original: async () => undefined });
  return await withSnapshot(subject.session, context, async (client, snapshot) => {
    const schema = await printAll(subject.session);
    const original = async () => ({ rows: await countRows(client, selection?.tables), schema });
    return await work({ snapshot, original });
  });
}

/** Dumps the database, or the touched tables of it, into the store, and proves the copy. Rejects with `backup-failed`. */
export async function makeDump(context: BackupContext, subject: Subject, into: Store): Promise<Backup> {
  const began = elapsed();
  const { settings, env, log, signal } = context;
  const clients = await findClients(subject.session.facts, env);
  const selection = await selectionOf(context, subject);
  const plan = { store: into, subject, clients, selection };
  const record = await withSource(context, plan, async (source) => await provedRecord(context, plan, source));
  const { retention } = settings.backup;
  // The copy is made: what goes wrong from here on costs room, and no data.
  const gone = await retain(into, record, { retention, signal }).catch((error: unknown) => {
    log.warn(`older backups were not looked through: ${reasonOf(error)}`);
    return [];
  });
  if (gone.length > 0) log.info(`  older backups removed by backup.retention: ${gone.join(", ")}`);
  const { name, strategy, bytes, sha256, verified } = record;
  return { strategy, name, where: into.where, bytes, sha256, durationMs: Math.round(elapsed() - began), verified };
}
