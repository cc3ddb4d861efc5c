import { hash } from "node:crypto";
import { isRecord } from "../lib/records.ts";
import type { Row } from "../postgres/client.ts";
import type { Fingerprint, FingerprintedObject } from "../postgres/fingerprint.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Names } from "./schema.ts";
import type { Entry } from "./state.ts";

/** What is recorded of the schema as a run left it, without the objects themselves. */
export interface Known {
  /** Of the run that left it; null when its row is gone. */
  readonly run: string | null;
  /** As PostgreSQL writes it. */
  readonly takenAt: string;
  /** How it was read: only what was read in the same way can be compared. */
  readonly form: string;
  /** server_version_num of that time. */
  readonly server: number;
  /** The history as it was then; see `historyDigest`. */
  readonly history: string;
  readonly hash: string;
  /** Another target has recorded what it left in the same database later. */
  readonly overtaken: boolean;
}

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

const objectsOf = (fingerprint: Fingerprint): string =>
  JSON.stringify(
    Object.fromEntries(
      inOrder(fingerprint).map(({ object, definition, parent }) => [
        object,
        parent === undefined ? [definition] : [definition, parent],
      ]),
    ),
  );

export const fingerprintHash = (fingerprint: Fingerprint): string => hash("sha256", objectsOf(fingerprint));

const COLUMNS =
  "'run', f.run::text, 'takenAt', f.taken_at::text, 'form', f.form, 'server', f.server, 'history', f.history, 'hash', f.hash";

/** The schema of a fleet's member is its own; all else of the database belongs to everybody. */
const overtaken = ({ fingerprint }: Names): string =>
  `f.whole AND EXISTS (SELECT FROM ${fingerprint} o WHERE o.target <> f.target AND o.taken_at > f.taken_at)`;

/** What is recorded of this target, as a column `known` of another statement. */
export const knownColumn = (names: Names): string =>
  `(SELECT jsonb_build_object(${COLUMNS}, 'overtaken', ${overtaken(names)})::text FROM ${names.fingerprint} f WHERE f.target = ${names.target}) AS known`;

export function readKnown({ known }: Row): Known | undefined {
  if (typeof known !== "string") return undefined;
  const parsed: Known = JSON.parse(known);
  return parsed;
}

/** The same with who left it, asked by itself. */
export const knownSql = (names: Names): string =>
  `SELECT ${knownColumn(names)}, (SELECT concat_ws(' ', r.command, 'by', coalesce(r.release || ' revision ' || r.revision, r.actor))
 FROM ${names.run} r JOIN ${names.fingerprint} f ON f.run = r.id WHERE f.target = ${names.target}) AS who`;

export const objectsSql = (names: Names): string =>
  `SELECT objects::text AS objects FROM ${names.fingerprint} WHERE target = ${names.target}`;

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
export interface Left extends Pick<Known, "form" | "server" | "history"> {
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
