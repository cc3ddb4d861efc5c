import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { readHistory } from "../history/state.ts";
import { count } from "../lib/count.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./state.ts";

const dropSql = (index: string): string => `DROP INDEX CONCURRENTLY ${index};`;

/** What is not as the files say: one line each. */
export async function differences(context: Context, session: Session, files: Plan["files"]): Promise<string[]> {
  const [history, invalid] = await Promise.all([readHistory(session, context.names), invalidIndexes(session)]);
  const { pending, ahead, changed, missing, unfinished } = compare(files, history);
  return [
    ...pending
      .filter((file) => !unfinished.some((entry) => entry.name === file.name))
      .map((file) => `${file.name}: not applied`),
    ...unfinished.map((entry) => `${entry.name}: ${entry.state}, ${entry.step} statements done`),
    ...changed.map(({ file }) => `${file.name}: changed after it was applied`),
    ...missing.map((entry) => `${entry.name}: applied, and missing from the files`),
    ...ahead.map((entry) => `${entry.name}: applied, and newer than every file`),
    ...invalid.map((index) => `${index}: an invalid index; remove it with ${dropSql(index)}`),
  ];
}

export const verify: Stage = {
  name: "verify",
  changes: "nothing",
  async run(context, state) {
    const { files } = need(state, "plan");
    const known = new Set(state.invalidBefore ?? []);
    const session = need(state, "session");
    const found = (await differences(context, session, files)).filter((line) => !known.has(line.split(":")[0] ?? ""));
    if (found.length > 0) {
      throw new HeadgateError("verify-failed", {
        what: "the database is not what the plan says",
        details: found,
        stands: "the migrations of this run are committed",
      });
    }
    return { summary: `${count(files.length, "migration")}, history and files agree` };
  },
};
