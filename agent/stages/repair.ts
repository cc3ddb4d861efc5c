import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { acceptEdit, settleApplied, settlePending } from "../history/record.ts";
import { type Entry, type HistoryState, readHistory } from "../history/state.ts";
import { didYouMean } from "../lib/nearest.ts";
import { listMigrations } from "../migrations/listing.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./state.ts";
import { writeHistory } from "./write-history.ts";

/** What somebody says about migrations that they have looked at by hand. */
export interface Repair {
  readonly names: readonly string[];
  readonly verdict: "applied" | "pending" | "accept-edit";
}

const bad = (what: string, fix: string): HeadgateError =>
  new HeadgateError("no-such-target", { what, fix, stands: "nothing was changed" });

type Known = Pick<Plan, "history" | "comparison">;

function entryOf(name: string, { history }: Known): Entry {
  const entry = history.entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const known = history.entries.map((one) => one.name);
  throw bad(
    `the history has no migration ${name}${didYouMean(name, known)}`,
    "headgate status lists what is applied; headgate baseline records what was there before",
  );
}

interface Ruling {
  readonly sql: string;
  readonly said: string;
}

function rule(
  context: Context,
  plan: Known,
  { name, verdict, run }: { name: string; verdict: Repair["verdict"]; run: string },
): Ruling {
  const { names } = context;
  const { state } = entryOf(name, plan);
  if (verdict === "pending")
    return { sql: settlePending({ names, run }, name, state), said: `${name} counts as not applied` };
  if (verdict === "applied") {
    if (state === "applied") throw bad(`${name} is applied already`, "headgate repair lists what is unfinished");
    return { sql: settleApplied(names, name, state), said: `${name} counts as applied` };
  }
  const changed = plan.comparison.changed.find((one) => one.file.name === name);
  if (changed === undefined) throw bad(`${name} is not changed`, "headgate status lists the files that are");
  return { sql: acceptEdit(names, name, changed.file.checksum), said: `${name}: the file as it is now is accepted` };
}

/** Writes a verdict into the history, under the run lock, all of it or nothing. */
export const repair = ({ names, verdict }: Repair): Stage => ({
  name: "repair",
  changes: "history",
  async run(context, state, found) {
    const files = listMigrations(context.dir, { mayBeAbsent: true });
    const known = (history: HistoryState): Known => ({ history, comparison: compare(files, history) });
    const plan = known(await readHistory(need(state, "session"), context.names));
    // Every name is judged before somebody is asked, and again under the lock.
    for (const name of names) rule(context, plan, { name, verdict, run: "0" });
    await context.going.consent?.([`${names.join(", ")}: recorded as ${verdict}; the schema itself is not touched`]);
    const said = await writeHistory(context, state, {
      found,
      decide: async ({ history, run }) => {
        const rulings = names.map((name) => rule(context, known(history), { name, verdict, run }));
        return { sql: rulings.map((one) => one.sql), result: rulings.map((one) => one.said) };
      },
    });
    return { summary: said.join("; ") };
  },
});
