/** One object of a store. */
export interface Stored {
  readonly name: string;
  readonly bytes: number;
  readonly modified: Date;
}

/**
 * Where backups lie: a flat set of named objects. Names hold nothing but letters, digits, `.`, `_` and `-`. Whatever else
 * goes wrong is a `backup-failed`; an abort rejects with the signal's reason.
 */
export interface Store {
  /** For people, without secrets: `/backups`, `s3://bucket/prefix`. */
  readonly where: string;
  /** Rejects when nothing can be put there: no such place, no right, no room. What it tries leaves nothing behind. */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Stores it whole or not at all: after content that throws, or an abort, or a kill, nothing stands under the name. The
   * error of the content is rejected with as it is. What stands there already is never replaced: rejects with `NameTaken`.
   */
  put(name: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** As it comes from where it lies. Rejects with `bad-backup` when there is nothing of that name, or it ends too early. */
  get(name: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Everything there is, in no order; what was cut off, as `NAME.partial`, where the store shows it. */
  list(signal: AbortSignal): Promise<readonly Stored[]>;
  /** Does nothing when it is gone already. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}

/** Somebody else has put something under this name. */
export class NameTaken extends Error {
  constructor(name: string) {
    super(`there is something under the name ${name} already`);
    this.name = "NameTaken";
  }
}

export const PARTIAL = ".partial";
