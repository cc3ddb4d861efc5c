import { createHash } from "node:crypto";
import { isRecord } from "../lib/records.ts";
import type { Likeness } from "../postgres/dump-likeness.ts";
import { parseBackupName, RECORD } from "./name.ts";

/** How the database is made anew: what CREATE DATABASE is told. */
export interface Locale {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `c`, `i` or `b`, as pg_database has it. */
  readonly provider: string;
  /** Of the providers that want one. */
  readonly locale: string | null;
}

/** What is known of a backup, as NAME.json holds it. Without it there is no backup. */
export interface BackupRecord {
  readonly format: 1;
  readonly name: string;
  readonly database: string;
  /** Of the server: its system identifier, or host and port where the role may not see that. */
  readonly server: string;
  readonly target: string;
  readonly planHash: string | null;
  readonly startedAt: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  readonly strategy: "dump" | "dump-touched";
  /** Tables whose rows are in it; null for all. */
  readonly tables: readonly string[] | null;
  /** Rows of each table in it, where they were counted. */
  readonly rows: Readonly<Record<string, number>> | null;
  /** Of NAME.dump, as it is stored. */
  readonly bytes: number;
  readonly sha256: string;
  readonly verified: "read" | "restore";
  readonly release: string | null;
  readonly run: string | null;
  readonly locale: Locale;
  readonly likeness: Likeness;
  /** What anybody may do in a database as a rule, and nobody in this one. */
  readonly closed: readonly string[];
}

const TEXTS = ["database", "server", "target", "startedAt", "serverVersion", "clientVersion"] as const;

const isShaped = (value: Readonly<Record<string, unknown>>): boolean =>
  value.format === 1 &&
  TEXTS.every((key) => typeof value[key] === "string") &&
  ["dump", "dump-touched"].includes(String(value.strategy)) &&
  ["read", "restore"].includes(String(value.verified)) &&
  typeof value.bytes === "number" &&
  /^[0-9a-f]{64}$/.test(String(value.sha256)) &&
  isRecord(value.locale) &&
  isRecord(value.likeness) &&
  Array.isArray(value.closed);

const isBackupRecord = (value: unknown, name: string): value is BackupRecord =>
  isRecord(value) && value.name === name && isShaped(value);

/** The record in the object `object`, or undefined when it is none of ours. */
export function parseRecord(object: string, text: string): BackupRecord | undefined {
  const name = object.slice(0, -RECORD.length);
  if (!object.endsWith(RECORD) || parseBackupName(name) === undefined) return undefined;
  try {
    const written: unknown = JSON.parse(text);
    const { check, ...value } = isRecord(written) ? written : {};
    return check === checkOf(value) && isBackupRecord(value, name) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A bit that flips in the record is seen, too. */
const checkOf = (value: object): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** The record as it is stored. */
export const recordText = (record: BackupRecord): string =>
  `${JSON.stringify({ ...record, check: checkOf(record) }, undefined, 2)}\n`;
