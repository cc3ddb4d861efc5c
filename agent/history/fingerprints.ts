import { createHash, hash } from "node:crypto";
import { isRecord } from "../lib/records.ts";
import type { Row } from "../postgres/client.ts";
import {
  type Along,
  type Fingerprint,
  type FingerprintedObject,
  IN_ORDER,
  type Taking,
} from "../postgres/fingerprint.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import { isoSql } from "./row-values.ts";
import type { Names } from "./schema.ts";
import type { Entry } from "./state.ts";

/** What one target's last run left, without the objects themselves. */
interface Recorded {
  readonly target: string;
  /** Of the run that left it; null when its row is gone. */
  readonly run: string | null;
  /** ISO 8601. */
  readonly takenAt: string;
  /** How it was read: only what was read in the same way can be compared. */
  readonly form: string;
  /** server_version_num of that time. */
  readonly server: number;
  /** The history as it was then; see `historyDigest`. */
  readonly history: string;
  readonly hash: string;
}

/** What is recorded of this target. */
export interface Known extends Recorded {
  /** The newest of another target, where it is newer: both left the same database. `moved`: its history is no longer that one. */
  readonly newer: (Recorded & { readonly moved: boolean }) | null;
}

/** What the schema is measured by: what was left last, whichever target has left it. */
export const measureOf = (known: Known): Recorded => known.newer ?? known;

/**
 * What is applied, and how far. It moves in the same transaction as the schema, so where it is another, the schema was moved
 * by a migration and nobody has recorded where to. Checksums are not in it: to accept an edit moves nothing.
 */
export function historyDigest(entries: readonly Entry[]): string {
  const lines = entries.map(({ name, state, step }) => (state === "applied" ? name : `${name} ${state} ${step}`));
  return hash("sha256", lines.sort().join("\n"));
}

/** As it is written down: JSON, but for the braces. */
const written = ({ object, definition, parent }: FingerprintedObject): string =>
  `${JSON.stringify(object)}:${JSON.stringify(parent === undefined ? [definition] : [definition, parent])}`;

/** `written`, of a row in `now`. */
const WRITTEN =
  "to_json(object)::text || ':[' || to_json(definition)::text || coalesce(',' || to_json(parent)::text, '') || ']'";

/** The hash of a schema, made while going through it. */
export function hashing(): Taking<string> {
  const sum = createHash("sha256").update("{");
  let between = "";
  return {
    take(one) {
      sum.update(between).update(written(one));
      between = ",";
    },
    done: () => sum.update("}").digest("hex"),
  };
}

/** Of one that was just read: what is recorded comes back in another order. */
export function fingerprintHash(fingerprint: Fingerprint): string {
  const { take, done } = hashing();
  for (const one of fingerprint.values()) take(one);
  return done();
}

const columnsOf = (row: string): string =>
  `'target', ${row}.target, 'run', ${row}.run::text, 'takenAt', ${isoSql(`${row}.taken_at`)}, 'form', ${row}.form, 'server', ${row}.server, 'history', ${row}.history, 'hash', ${row}.hash`;

/** As `historyDigest`, of the target in `o`. */
const digestSql = ({ history }: Names): string => {
  const line = "CASE h.state WHEN 'applied' THEN h.name ELSE concat_ws(' ', h.name, h.state, h.step) END";
  const lines = `(SELECT string_agg(${line}, E'\\n' ORDER BY ${line} COLLATE "C") FROM ${history} h WHERE h.target = o.target)`;
  return `encode(sha256(convert_to(coalesce(${lines}, ''), 'UTF8')), 'hex')`;
};

/** The schema of a fleet's member is its own; all else of the database belongs to everybody. */
const newer = (names: Names): string =>
  `(SELECT jsonb_build_object(${columnsOf("o")}, 'moved', o.history <> ${digestSql(names)}) FROM ${names.fingerprint} o
 WHERE f.whole AND o.target <> f.target AND o.taken_at > f.taken_at ORDER BY o.taken_at DESC LIMIT 1)`;

/** What is recorded of this target, as a column `known` of another statement. */
export const knownColumn = (names: Names): string =>
  `(SELECT jsonb_build_object(${columnsOf("f")}, 'newer', ${newer(names)})::text FROM ${names.fingerprint} f WHERE f.target = ${names.target}) AS known`;

export function readKnown({ known }: Row): Known | undefined {
  if (typeof known !== "string") return undefined;
  const parsed: Known = JSON.parse(known);
  return parsed;
}

/** The same with who left what the schema is measured by, asked by itself. */
export const knownSql = (names: Names): string =>
  `SELECT k.known, (SELECT concat_ws(' ', r.command, 'by', coalesce(r.release || ' revision ' || r.revision, r.actor)) FROM ${names.run} r
 WHERE r.id = coalesce(k.known::jsonb -> 'newer' ->> 'run', k.known::jsonb ->> 'run')::bigint) AS who FROM (SELECT ${knownColumn(names)}) k`;

export const objectsSql = (names: Names, { target }: Recorded): string =>
  `SELECT objects::text AS objects FROM ${names.fingerprint} WHERE target = ${quoteLiteral(target)}`;

export function readObjects({ objects }: Row): Fingerprint {
  const parsed: unknown = JSON.parse(typeof objects === "string" ? objects : "{}");
  const entries = Object.entries(isRecord(parsed) ? parsed : {}).map(([object, value]) => {
    const [definition, parent] = Array.isArray(value) ? value : [];
    return {
      object,
      definition: String(definition ?? ""),
      parent: typeof parent === "string" ? parent : undefined,
    };
  });
  return new Map(entries.map((one) => [one.object, one]));
}

/** What a run leaves, to be recorded. */
export interface Left extends Pick<Recorded, "history"> {
  readonly run: string;
}

/** What all runs of one command are the same in. */
interface Constants extends Pick<Recorded, "form" | "server"> {
  /** It is the whole database, and not one schema of a fleet. */
  readonly whole: boolean;
}

/**
 * Records what a run leaves, along with reading it, so that the objects need not travel back; without `left` it does not. Both
 * are the same statement, which the server has to plan once.
 */
export function recording(names: Names, { form, server, whole }: Constants, left?: Left): Along {
  const sql = (query: string, [run, history]: readonly string[]): string => `WITH now AS MATERIALIZED (${query}
), body AS MATERIALIZED (SELECT '{' || coalesce(string_agg(${WRITTEN}, ',' ${IN_ORDER}), '') || '}' AS objects FROM now
), told AS MATERIALIZED (SELECT objects, encode(sha256(convert_to(objects, 'UTF8')), 'hex') AS hash FROM body WHERE ${run}::bigint IS NOT NULL
), stored AS (INSERT INTO ${names.fingerprint} AS f (target, run, whole, form, server, history, hash, objects)
  SELECT ${names.target}, ${run}, ${whole}, ${quoteLiteral(form)}, ${server}, ${history}, hash, objects::jsonb FROM told
  ON CONFLICT (target) DO UPDATE SET run = EXCLUDED.run, whole = EXCLUDED.whole, taken_at = EXCLUDED.taken_at, form = EXCLUDED.form, server = EXCLUDED.server,
    history = EXCLUDED.history, hash = EXCLUDED.hash, objects = CASE f.hash WHEN EXCLUDED.hash THEN f.objects ELSE EXCLUDED.objects END
), marked AS (UPDATE ${names.run} r SET schema_hash = told.hash FROM told WHERE r.id = ${run})
SELECT * FROM now ${IN_ORDER}`;
  const values = left === undefined ? ["NULL", "NULL"] : [left.run, quoteLiteral(left.history)];
  return { types: ["bigint", "text"], values, stays: left !== undefined, sql };
}
