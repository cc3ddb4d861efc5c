import { elapsed, sleep } from "../lib/clock.ts";
import type { Client, Row } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import { sqlstateOf } from "../postgres/sqlstate.ts";
import { isStronger, type LockMode, lockModeOf } from "../statements/lock-modes.ts";

/** Strongest locks by pg_class.oid. */
export type LocksByOid = ReadonlyMap<number, LockMode>;

/** What a piece of work did to the relations that were there when the watch began. */
export interface Observed {
  /** Held when it was done, those of what ran before it in the same transaction too. Of a sampled one: seen while it ran. */
  readonly held: LocksByOid;
  /** Held before it. */
  readonly before: LocksByOid;
  /** Tables whose file is another one now: written anew. */
  readonly rewritten: readonly number[];
  readonly durationMs: number;
  /** By how much tables and indexes that it touched have grown; less than 0 where they shrank. */
  readonly bytes: number;
  /** Looked at from outside while it ran, so that what is short may be missed. */
  readonly sampled: boolean;
}

/** The connections that look on while the session with this pid works. */
export interface Watch {
  readonly watcher: Client;
  readonly holder: Client;
  readonly pid: number;
}

/** A statement that is not seen by then gets its way. */
const IN_THE_WAY_MS = 200;

const never = new AbortController().signal;

interface Before {
  readonly name: string;
  /** With its schema. */
  readonly qualified: string;
  readonly file: string;
  readonly bytes: number;
}

// Catalog functions by their full names: a migration may have changed the search_path.
const OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'";
const SIZE =
  "CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(c.oid) ELSE 0 END::float8 AS bytes";

const THERE = (
  ownSchema: string,
): string => `SELECT c.oid, c.oid::pg_catalog.regclass::text AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS qualified, c.relfilenode::text AS file, ${SIZE}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OURS} AND n.nspname <> ${quoteLiteral(ownSchema)}`;

/** Of another session: what it waits for, too, for it will have it. */
const ASKED = (pid: number | string): string => `SELECT l.relation AS oid, l.mode FROM pg_catalog.pg_locks l
WHERE l.pid = ${pid} AND l.locktype = 'relation'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`;

const HELD = `${ASKED("pg_catalog.pg_backend_pid()")} AND l.granted`;

const FILES = (oids: readonly number[]): string => `SELECT c.oid, c.relfilenode::text AS file, ${SIZE}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (ARRAY[${oids.join(", ")}]::oid[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OURS}`;

function addTo(found: Map<number, LockMode>, rows: readonly Row[]): void {
  for (const row of rows) {
    const oid = Number(row.oid);
    const mode = lockModeOf(row.mode);
    const before = found.get(oid);
    if (mode !== undefined && (before === undefined || isStronger(mode, before))) found.set(oid, mode);
  }
}

/** Looks at one session's locks and at the tables that it touches. */
export class Observer {
  readonly #session: Client;
  readonly #there: Map<number, Before>;
  /** Sizes of tables that came later. */
  readonly #later = new Map<number, number>();

  private constructor(session: Client, there: Map<number, Before>) {
    this.#session = session;
    this.#there = there;
  }

  /** What is there now counts as existing; Headgate's own schema does not. */
  static async begin(session: Client, ownSchema: string): Promise<Observer> {
    const rows = await session.query(THERE(ownSchema));
    return new Observer(
      session,
      new Map(
        rows.map((row) => [
          Number(row.oid),
          {
            name: String(row.name),
            qualified: String(row.qualified),
            file: String(row.file),
            bytes: Number(row.bytes),
          },
        ]),
      ),
    );
  }

  /** As it was called when the watch began. */
  nameOf(oid: number): string {
    return this.#there.get(oid)?.name ?? String(oid);
  }

  /** The relations that names mean, as SQL writes them; without those that were not there. Outside of a transaction. */
  async resolve(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    await Promise.all(
      [...new Set(names)].map(async (name) => {
        try {
          const [row] = await this.#session.query(`SELECT pg_catalog.to_regclass(${quoteLiteral(name)})::oid AS oid`);
          if (row?.oid != null && this.#there.has(Number(row.oid))) found.set(name, Number(row.oid));
        } catch (error) {
          // No right to use its schema.
          if (sqlstateOf(error) === undefined) throw error;
        }
      }),
    );
    return found;
  }

  /** Locks of the session that it holds now, on what was there. Exact inside a transaction. */
  async #held(): Promise<Map<number, LockMode>> {
    const found = new Map<number, LockMode>();
    addTo(found, await this.#session.query(HELD));
    return found;
  }

  #existing(locks: ReadonlyMap<number, LockMode>): LocksByOid {
    return new Map([...locks].filter(([oid]) => this.#there.has(oid)));
  }

  /** What has become of the tables since they were last looked at. */
  async #changes(touched: readonly number[]): Promise<Pick<Observed, "rewritten" | "bytes">> {
    if (touched.length === 0) return { rewritten: [], bytes: 0 };
    const now = new Map((await this.#session.query(FILES(touched))).map((row) => [Number(row.oid), row]));
    const rewritten: number[] = [];
    let bytes = 0;
    for (const oid of touched) {
      const row = now.get(oid);
      const before = this.#there.get(oid);
      const size = Number(row?.bytes ?? 0);
      bytes += size - (before?.bytes ?? this.#later.get(oid) ?? 0);
      if (before === undefined) this.#later.set(oid, size);
      else {
        if (row !== undefined && row.file !== before.file) rewritten.push(oid);
        this.#there.set(oid, { ...before, file: String(row?.file ?? before.file), bytes: size });
      }
    }
    return { rewritten, bytes };
  }

  /** Runs a part of a transaction that is open, and looks at what the session holds then. */
  async inTransaction(work: () => Promise<unknown>): Promise<Observed> {
    const before = await this.#held();
    const began = elapsed();
    await work();
    const durationMs = elapsed() - began;
    const held = await this.#held();
    const changes = await this.#changes([...held.keys()]);
    return { before: this.#existing(before), held: this.#existing(held), ...changes, durationMs, sampled: false };
  }

  /** Stands in the way of a statement for a moment, so that it is seen: with a snapshot and a lock that hinders no writer. */
  async #standInTheWay(holder: Client, tables: readonly number[]): Promise<void> {
    const reads = tables
      .flatMap((oid) => this.#there.get(oid)?.qualified ?? [])
      .map((name) => `SELECT FROM ${name} LIMIT 0`);
    await holder.query(["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1", ...reads].join("; "));
  }

  /**
   * Runs what opens and ends transactions of its own, and looks on from other connections, as often as it can. Of
   * `planned`, the tables that it will lock, somebody reads until it has been seen once.
   */
  async fromOutside(
    work: () => Promise<unknown>,
    { watcher, holder, pid }: Watch,
    planned: readonly number[],
  ): Promise<Observed> {
    const seen = new Map<number, LockMode>();
    let done = false;
    const look = async () => {
      while (!done) addTo(seen, await watcher.query(ASKED(pid)));
    };
    const giveWay = async () => {
      const end = elapsed() + IN_THE_WAY_MS;
      while (!done && elapsed() < end && ![...seen.keys()].some((oid) => this.#there.has(oid))) await sleep(1, never);
      await holder.query("ROLLBACK");
    };
    await this.#standInTheWay(holder, planned);
    const began = elapsed();
    let durationMs = 0;
    const run = async () => {
      try {
        await work();
      } finally {
        durationMs = elapsed() - began;
        done = true;
      }
    };
    const [outcome] = await Promise.allSettled([run(), look(), giveWay()]);
    if (outcome.status === "rejected") throw outcome.reason;
    // Nobody knows which it touched, so all are looked at.
    const changes = await this.#changes([...new Set([...this.#there.keys(), ...seen.keys()])]);
    return { before: new Map(), held: this.#existing(seen), ...changes, durationMs, sampled: true };
  }
}
