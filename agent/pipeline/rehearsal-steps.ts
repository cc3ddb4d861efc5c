import type { HeadgateError } from "../errors/headgate-error.ts";
import type { Migration } from "../migrations/types.ts";
import type { Fingerprint } from "../postgres/fingerprint.ts";
import { type Difference, describeDifference, diffFingerprints } from "../postgres/fingerprint-differences.ts";
import type { Bench, Tried } from "./rehearsal-bench.ts";

export type StepName = "up" | "down" | "up again" | "smoke" | "all down" | "all up again";

/** One thing that was tried. */
export interface Step {
  readonly name: StepName;
  /** `skipped`: there was nothing to try. */
  readonly status: "ok" | "failed" | "skipped";
  readonly durationMs: number;
  /** A sentence: what does not hold, or why it was skipped; empty when it holds. */
  readonly what: string;
  /** The server's words, or what differs, a line each. */
  readonly lines: readonly string[];
  /** What differs and does no harm: the order of columns, which nothing but SELECT * sees, and a constraint that is now validated. */
  readonly notes: readonly string[];
  /** What to do about it; empty when it holds. */
  readonly fix: string;
}

export interface Downs {
  /** Where the down of each migration begins. */
  readonly downAt: ReadonlyMap<string, Migration["downAt"]>;
}

export const held = (name: StepName, { durationMs }: Tried): Step => ({
  ...{ name, status: "ok", durationMs, what: "", lines: [], notes: [], fix: "" },
});

export const failed = (
  name: StepName,
  { durationMs }: Tried,
  told: Pick<Step, "what" | "lines" | "fix"> & Partial<Pick<Step, "notes">>,
): Step => ({ name, status: "failed", durationMs, notes: [], ...told });

export const words = (error: HeadgateError): Pick<Step, "what" | "lines"> => ({
  what: error.message,
  lines: error.details,
});

/** A role belongs to the server, and a throwaway one has none but its own. */
const missingRole = ({ message }: HeadgateError): string =>
  /role ".*" does not exist/.test(message)
    ? "rehearse on a server that has the role, named in HEADGATE_REHEARSAL_URL: roles belong to the server, not to the database"
    : "";

const describe = (difference: Difference, name: StepName): string =>
  difference.kind === "added" && name.endsWith("down")
    ? `${difference.object}: left behind`
    : describeDifference(difference);

const COMPARED: Readonly<Partial<Record<StepName, Pick<Step, "what" | "fix">>>> = {
  down: { what: "the down does not undo the up", fix: "make the down put back what is listed" },
  "up again": {
    what: "applied again it does not give the same schema",
    fix: "let the down remove all that the up makes, and the up make it without IF NOT EXISTS",
  },
  "all down": { what: "all downs together do not undo all ups", fix: "make the downs put back what is listed" },
  "all up again": {
    what: "applied again the set does not give the same schema",
    fix: "compare the downs with the ups",
  },
};

/** A run that went well, compared with what the schema has to be now. */
export async function compare(
  bench: Bench,
  { name, tried, wanted }: { readonly name: StepName; readonly tried: Tried; readonly wanted: Fingerprint },
): Promise<Step> {
  const found = diffFingerprints(wanted, await bench.print());
  const notes = found.filter((one) => one.harmless).map(describeDifference);
  const lines = found.filter((one) => !one.harmless).map((one) => describe(one, name));
  if (lines.length === 0) return { ...held(name, tried), notes };
  const { what = "", fix = "" } = COMPARED[name] ?? {};
  return failed(name, tried, { what, lines, notes, fix });
}

const FIX_FAILED: Readonly<Partial<Record<StepName, string>>> = {
  down: "correct the down; a release could not go back over it",
  "up again": "let the down remove all that the up makes",
  "all down": "correct the downs; they are run newest first",
  "all up again": "let the downs remove all that the ups make",
};

export const unable = (name: StepName, tried: Tried, error: HeadgateError): Step =>
  failed(name, tried, { ...words(error), fix: missingRole(error) || (FIX_FAILED[name] ?? "correct the file") });

/** The same of a down: it ran from the database, and its text stands in a file. */
export function unableDown(name: StepName, tried: Tried, { error, downAt }: { error: HeadgateError } & Downs): Step {
  const step = unable(name, tried, error);
  const [, of = "", line = "1", rest = ""] = /^the down SQL of (.*?)(?::(\d+))?: (.*)$/s.exec(step.what) ?? [];
  const at = downAt.get(of);
  if (at?.line === undefined) return step;
  return { ...step, what: `${at.file}:${at.line + Number(line) - 1}: ${rest}` };
}

/** Why it has no way back; undefined when it has one. */
export const noWayBack = ({ error, state }: Tried): string | undefined =>
  error?.id === "rollback-refused" ? state.plan?.back.obstacles.flatMap(({ why }) => why).join("; ") : undefined;

export const irreversible = (tried: Tried, why: string, strict: boolean): Step => ({
  ...{ name: "down", status: strict ? "failed" : "skipped", durationMs: tried.durationMs, what: why, lines: [] },
  notes: [],
  fix: strict ? "write a down, or rehearse without --strict" : "",
});
