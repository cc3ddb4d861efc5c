import { HeadgateError, type Particulars } from "../errors/headgate-error.ts";
import type { Names } from "../history/schema.ts";
import type { Log } from "../lib/log.ts";
import type { Connection } from "../postgres/connection.ts";
import type { Session } from "../postgres/session.ts";
import type { BackupReport } from "../report/report.ts";
import type { Pod } from "../settings/release.ts";
import type { Settings } from "../settings/settings.ts";
import type { S3Access } from "./s3-client.ts";

/** What backups may know of their surroundings. */
export interface BackupContext {
  readonly settings: Settings;
  readonly names: Names;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Shows a text that the next one replaces; undefined where nobody looks at a terminal. */
  readonly ticker: ((text: string) => void) | undefined;
  readonly signal: AbortSignal;
  readonly pod: Pod | undefined;
  readonly applicationName: string;
  readonly s3: S3Access;
  /** Another server to try a restore on; undefined for the database's own. */
  readonly scratch: (() => Promise<Connection>) | undefined;
}

/** What a backup is taken of, and why. */
export interface Subject {
  readonly session: Session;
  /** Undefined for one that somebody asked for. */
  readonly planHash: string | undefined;
  readonly run: string | undefined;
  /** Tables whose rows are wanted, by oid; undefined for all of the database. */
  readonly touched: readonly number[] | undefined;
}

/** A backup that was made, as the report has it. */
export interface Backup extends BackupReport {
  readonly strategy: "dump" | "dump-touched" | "restore-point" | "command";
}

export const backupFailed = (particulars: Particulars): HeadgateError =>
  new HeadgateError("backup-failed", particulars);

export const badBackup = (particulars: Particulars): HeadgateError => new HeadgateError("bad-backup", particulars);

export const restoreFailed = (particulars: Particulars): HeadgateError =>
  new HeadgateError("restore-failed", particulars);
