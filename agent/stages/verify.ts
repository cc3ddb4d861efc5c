import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { readBoth } from "../history/state.ts";
import { count } from "../lib/count.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import { inSchema, listSchemas } from "./schemas.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./state.ts";

const dropSql = (index: string): string => `DROP INDEX CONCURRENTLY ${index};`;

interface Difference {
  /** The migration or index. */
  readonly name: string;
  readonly what: string;
  /** About files and history; the others hold whatever the files are. */
  readonly ofFiles: boolean;
}

async function ofHistory(context: Context, session: Session, files: Plan["files"]): Promise<Difference[]> {
  const { history } = await readBoth(session, context.names, () => files);
  const { pending, ahead, changed, missing, unfinished } = compare(files, history);
  const open = pending.filter((file) => !unfinished.some((entry) => entry.name === file.name));
  const ofFiles = (list: readonly { readonly name: string }[], what: string) =>
    list.map(({ name }) => ({ name, what, ofFiles: true }));
  return [
    ...ofFiles(open, "not applied"),
    ...unfinished.map(({ name, state, step }) => ({ name, what: `${state}, ${step} statements done`, ofFiles: false })),
    ...ofFiles(
      changed.map(({ file }) => file),
      "changed after it was applied",
    ),
    ...ofFiles(missing, "applied, and missing from the files"),
    ...ofFiles(ahead, "applied, and newer than every file"),
  ];
}

/** Whichever schema they are in. */
async function ofIndexes(session: Session): Promise<Difference[]> {
  const invalid = await invalidIndexes(session);
  return invalid.map((name) => ({
    name,
    what: `an invalid index; remove it with ${dropSql(name)}`,
    ofFiles: false,
  }));
}

const findDifferences = async (context: Context, session: Session, files: Plan["files"]): Promise<Difference[]> =>
  (await Promise.all([ofHistory(context, session, files), ofIndexes(session)])).flat();

const lineOf = ({ name, what }: Difference): string => `${name}: ${what}`;

/** What is not as the files say: one line each. */
export async function differences(context: Context, session: Session, files: Plan["files"]): Promise<string[]> {
  return (await findDifferences(context, session, files)).map(lineOf);
}

/** The same of every schema of a fleet. */
export async function fleetDifferences(context: Context, session: Session, files: Plan["files"]): Promise<string[]> {
  const schemas = await listSchemas(context, session);
  const [indexes, ...histories] = await Promise.all([
    ofIndexes(session),
    ...schemas.map(async (schema) => await ofHistory(inSchema(context, schema), session, files)),
  ]);
  return [
    ...histories.flatMap((found, at) => found.map((one) => `${schemas[at]}: ${lineOf(one)}`)),
    ...indexes.map(lineOf),
  ];
}

export const verify: Stage = {
  name: "verify",
  changes: "nothing",
  async run(context, state) {
    const { files, back, history } = need(state, "plan");
    // Files, history and indexes were known a moment ago, and nothing was done since: to ask again would tell of other
    // people's doings.
    const { applied = [], reverted = [] } = state;
    const stands = history.exactly === files && applied.length + reverted.length === 0;
    const expected = new Set([...(state.invalidBefore ?? []), ...back.left]);
    const session = need(state, "session");
    const goesBack = context.command === "revert";
    const all = stands ? [] : await findDifferences(context, session, files);
    const found = all.filter((one) => !expected.has(one.name) && !(goesBack && one.ofFiles));
    if (found.length > 0) {
      throw new HeadgateError("verify-failed", {
        what: "the database is not what the plan says",
        details: found.map(lineOf),
        stands: `what this run has ${goesBack ? "taken back is" : "applied is"} committed`,
      });
    }
    if (goesBack) return { summary: "nothing is half done, and no index is invalid" };
    return { summary: `${count(files.length, "migration")}, history and files agree` };
  },
};
