import { HeadgateError } from "../errors/headgate-error.ts";
import { newestAt, recordedRevisions } from "../history/downs.ts";
import { lastRefusal } from "../history/refusal.ts";
import type { HistoryState } from "../history/state.ts";
import { count } from "../lib/count.ts";
import { didYouMean } from "../lib/nearest.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import type { Goal } from "./going.ts";

const badTarget = (what: string, fix?: string): HeadgateError =>
  new HeadgateError("no-such-target", { what, stands: "nothing was changed", ...(fix === undefined ? {} : { fix }) });

interface Known {
  readonly history: HistoryState;
  readonly files: readonly MigrationFile[];
}

function after(name: string, { history, files }: Known): string[] {
  const names = history.entries.map((entry) => entry.name);
  const at = names.indexOf(name);
  if (at >= 0) return names.slice(at + 1).toReversed();
  if (files.some((file) => file.name === name)) {
    throw badTarget(
      `${name} is not applied, so there is no way back to it`,
      "headgate migrate brings the schema forward; headgate status shows what is applied",
    );
  }
  throw badTarget(`no migration ${name} is applied here${didYouMean(name, names)}`);
}

function newest(steps: number, { history }: Known): string[] {
  const names = history.entries.map((entry) => entry.name);
  if (steps > names.length) throw badTarget(`${count(steps, "step")} back, and ${names.length} are applied`);
  return names.toReversed().slice(0, steps);
}

async function sinceRelease(
  context: Context,
  session: Session,
  { goal, known }: { readonly goal: Extract<Goal, { kind: "release" }>; readonly known: Known },
): Promise<string[]> {
  const recorded = known.history.exists ? await recordedRevisions(session, context.names) : [];
  const releases = [...new Set(recorded.map((one) => one.release))];
  const list = recorded.map((one) => `${one.release}:${one.revision}`).join(", ") || "none";
  const release = goal.release ?? context.pod?.release.name ?? (releases.length === 1 ? releases[0] : undefined);
  if (release === undefined) throw badTarget(`revision ${goal.revision} of which release? recorded: ${list}`);
  const found = await newestAt(session, context.names, { release, revision: goal.revision });
  if (!found.known) throw badTarget(`no run of ${release}:${goal.revision} is recorded; recorded: ${list}`);
  return found.newest === undefined ? newest(known.history.entries.length, known) : after(found.newest, known);
}

/** Names that a goal other than `files` wants taken back, newest first. Rejects with `no-such-target`. */
export async function namesBeyond(
  context: Context,
  session: Session,
  { goal, known }: { readonly goal: Exclude<Goal, { kind: "files" }>; readonly known: Known },
): Promise<string[]> {
  if (goal.kind === "to") return after(goal.name, known);
  if (goal.kind === "steps") return newest(goal.steps, known);
  if (goal.kind === "all") return newest(known.history.entries.length, known);
  if (goal.kind === "release") return await sinceRelease(context, session, { goal, known });
  const refusal = known.history.exists ? await lastRefusal(session, context.names) : undefined;
  if (refusal === undefined)
    throw badTarget("the last run here was not refused a way back, so none is to be carried out");
  return refusal.to === null ? newest(known.history.entries.length, known) : after(refusal.to, known);
}
