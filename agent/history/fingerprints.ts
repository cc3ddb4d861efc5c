import { hash } from "node:crypto";
import { isRecord } from "../lib/records.ts";
import type { Row } from "../postgres/client.ts";
import type { Fingerprint, FingerprintedObject } from "../postgres/fingerprint.ts";
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

const inOrder = (fingerprint: Fingerprint): FingerprintedObject[] =>
  [...fingerprint.values()].sort((a, b) => (a.object < b.object ? -1 : 1));

/** JSON. Written member by member: a record of a hundred thousand would be held beside its text. */
function objectsOf(fingerprint: Fingerprint): string {
  let text = "";
  for (const { object, definition, parent } of inOrder(fingerprint)) {
    const value = parent === undefined ? [definition] : [definition, parent];
    text += `${text === "" ? "" : ","}${JSON.stringify(object)}:${JSON.stringify(value)}`;
  }
  return `{${text}}`;
}

export const fingerprintHash = (fingerprint: Fingerprint): string => hash("sha256", objectsOf(fingerprint));

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
export interface Left extends Pick<Recorded, "form" | "server" | "history"> {
  readonly run: string;
  /** It is the whole database, and not one schema of a fleet. */
  readonly whole: boolean;
  readonly fingerprint: Fingerprint;
}

/** Records what a run leaves; the objects travel only when they are not `known` to be these already. */
export function keepFingerprint(names: Names, left: Left, known: Known | undefined): string {
  const { run, whole, form, server, history, fingerprint } = left;
  const text = objectsOf(fingerprint);
  const digest = hash("sha256", text);
  const values = [form, server, history, digest].map((one) => quoteLiteral(String(one))).join(", ");
  const insert = `INSERT INTO ${names.fingerprint} (target, run, whole, form, server, history, hash, objects) VALUES (${names.target}, ${run}, ${whole}, ${values}, ${quoteLiteral(text)})
 ON CONFLICT (target) DO UPDATE SET run = EXCLUDED.run, whole = EXCLUDED.whole, taken_at = EXCLUDED.taken_at, form = EXCLUDED.form, server = EXCLUDED.server,
 history = EXCLUDED.history, hash = EXCLUDED.hash, objects = EXCLUDED.objects`;
  const touch = `UPDATE ${names.fingerprint} SET run = ${run}, whole = ${whole}, taken_at = clock_timestamp(), form = ${quoteLiteral(form)}, server = ${server}, history = ${quoteLiteral(history)}
 WHERE target = ${names.target} AND hash = ${quoteLiteral(digest)}`;
  return `${known?.hash === digest ? touch : insert};
UPDATE ${names.run} SET schema_hash = ${quoteLiteral(digest)} WHERE id = ${run}`;
}
