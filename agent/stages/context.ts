import type { S3Access } from "../backup/s3-client.ts";
import type { Names } from "../history/schema.ts";
import type { Signer } from "../history/sign.ts";
import type { Deadline } from "../lib/deadline.ts";
import type { Log } from "../lib/log.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { ConnectionSource } from "../postgres/connection.ts";
import type { Pod } from "../settings/release.ts";
import type { Settings } from "../settings/settings.ts";
import type { Going } from "./going.ts";

/** What every stage may know of its surroundings. Nothing in it changes during a run. */
export interface Context {
  readonly command: string;
  readonly settings: Settings;
  readonly names: Names;
  /** Folder of the migration files. */
  readonly dir: string;
  /** What is in it, where a run over many schemas has listed it already. */
  readonly files?: readonly MigrationFile[];
  readonly source: ConnectionSource;
  /** Undefined at the desk. */
  readonly pod: Pod | undefined;
  /** The pod's shared folder, where verdicts lie. Undefined at the desk and in a pod that stands alone. */
  readonly runFolder: string | undefined;
  /** Who sits at the desk; undefined in a pod. */
  readonly actor: string | undefined;
  /** The schema of a fleet that this run is about; undefined where there is no fleet, and for the fleet as a whole. */
  readonly schema: string | undefined;
  /** Makes what signs for a target; undefined without a key. */
  readonly signer: ((target: string) => Signer) | undefined;
  /** Signs the down SQL that is stored, and checks it before it runs; undefined without a key. */
  readonly sign: Signer | undefined;
  /** How far back this run may go. */
  readonly going: Going;
  readonly applicationName: string;
  readonly agentVersion: string;
  /** When the run has to be over; never, at the desk. */
  readonly deadline: Deadline;
  /** Aborts on SIGTERM and SIGINT, and when the deadline comes near; its reason is a HeadgateError. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The process's environment, for the programs that it starts. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Shows a text that the next one replaces; undefined where nobody looks at a terminal. */
  readonly ticker: ((text: string) => void) | undefined;
  /** How a bucket for backups is reached. */
  readonly s3: S3Access;
  /** Another server to try a restore on; undefined for the database's own. */
  readonly scratch: ConnectionSource | undefined;
}
