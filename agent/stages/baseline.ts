import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { recordBaseline } from "../history/record.ts";
import { count } from "../lib/count.ts";
import { didYouMean } from "../lib/nearest.ts";
import type { MigrationFile } from "../migrations/types.ts";
import { inspectFiles } from "./inspect.ts";
import { need } from "./need.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./state.ts";
import { writeHistory } from "./write-history.ts";

/** The files up to `to` that are not recorded yet, in order. Throws `no-such-target`. */
function toRecord(to: string, { files, comparison, history }: Plan): MigrationFile[] {
  const at = files.findIndex((file) => file.name === to);
  if (at < 0) {
    const known = files.map((file) => file.name);
    throw new HeadgateError("no-such-target", {
      what: `there is no file ${to}${didYouMean(to, known)}`,
      fix: "name the newest migration that this database has already, as headgate status shows it",
      stands: "nothing was changed",
    });
  }
  const unfinished = history.entries.filter((entry) => entry.state !== "applied").map((entry) => entry.name);
  if (unfinished.length > 0) {
    throw new HeadgateError("needs-attention", {
      what: `${unfinished.join(", ")} stopped part-way in an earlier run`,
      fix: "headgate repair shows how far it got and settles it",
      stands: "nothing was changed",
    });
  }
  const pending = new Set(comparison.pending.map((file) => file.name));
  return files.slice(0, at + 1).filter((file) => pending.has(file.name));
}

/** Records that the database had these migrations before Headgate came: runs none of them. */
export const baseline = (to: string): Stage => ({
  name: "baseline",
  changes: "history",
  async run(context, state, found) {
    const plan = need(state, "plan");
    const wanted = toRecord(to, plan);
    if (wanted.length === 0) return { summary: `everything up to ${to} is recorded already` };
    await context.going.consent?.([
      ...wanted.map((file) => `recorded as applied: ${file.name}`),
      "none of them is run: the schema has to be as they would have left it",
    ]);
    await writeHistory(context, state, {
      found,
      async decide({ history, run }) {
        const files = toRecord(to, { ...plan, history, comparison: compare(plan.files, history) });
        const planned = await inspectFiles(files, {
          all: plan.files,
          dir: context.dir,
          ownSchema: context.names.schemaName,
        });
        const recorder = { names: context.names, run, sign: context.sign };
        return { sql: planned.map(({ migration }) => recordBaseline(recorder, migration)), result: undefined };
      },
    });
    return { summary: `${count(wanted.length, "migration")} recorded as applied, up to ${to}` };
  },
});
