import { catalogue, type ErrorId } from "./catalogue.ts";
import type { ExitCode } from "./exit-codes.ts";

export interface Particulars {
  /** What happened, in one sentence, with the names of this case. */
  readonly what: string;
  /** Further lines: the excerpt, the list, the server's own words. */
  readonly details?: readonly string[];
  /** What to do next, when this case knows better than the catalogue. */
  readonly fix?: string;
  /** What stands and what does not, when this case knows better than the catalogue. */
  readonly stands?: string;
  readonly cause?: unknown;
}

/** An error that users may see: an entry of the catalogue and the particulars of this case. */
export class HeadgateError extends Error {
  readonly id: ErrorId;
  readonly details: readonly string[];
  readonly fix: string;
  readonly stands: string;

  constructor(id: ErrorId, particulars: Particulars) {
    super(particulars.what, { cause: particulars.cause });
    this.name = "HeadgateError";
    this.id = id;
    this.details = particulars.details ?? [];
    this.fix = particulars.fix ?? catalogue[id].fix;
    this.stands = particulars.stands ?? catalogue[id].stands;
  }

  get exitCode(): ExitCode {
    return catalogue[this.id].exit;
  }
}

/** Foreign errors become `bug`: nobody foresaw them, and the report has to say so. */
export function toHeadgateError(error: unknown): HeadgateError {
  if (error instanceof HeadgateError) return error;
  const known = error instanceof Error;
  return new HeadgateError("bug", {
    what: known ? error.message : String(error),
    details: known && error.stack !== undefined ? error.stack.split("\n").slice(1, 6) : [],
    cause: error,
  });
}
