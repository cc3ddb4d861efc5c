import { prepareHistory } from "./begin.ts";
import type { Context } from "./context.ts";
import type { RunState } from "./state.ts";
import { type Hold, withRunLock } from "./under-lock.ts";

export interface HistoryWork<Result> {
  readonly found: (part: RunState) => void;
  /** The statements, decided on what the history holds now, and what to tell of them. `run` is the id of the run's row. */
  readonly decide: (
    hold: Pick<Hold, "history"> & { readonly run: string },
  ) => Promise<{ readonly sql: readonly string[]; readonly result: Result }>;
}

/** Statements that travel in one message. */
const CHUNK = 200;

/** Writes what a person has decided into the history, under the run lock: all of it or nothing. */
export async function writeHistory<Result>(
  context: Context,
  state: RunState,
  { found, decide }: HistoryWork<Result>,
): Promise<Result> {
  return await withRunLock(context, state, {
    found,
    async attempt({ session, history, begin }) {
      await prepareHistory(context, session, history);
      const { run } = await begin({ planHash: undefined });
      const { sql, result } = await decide({ history, run });
      const chunks = Array.from({ length: Math.ceil(sql.length / CHUNK) }, (_, at) =>
        sql.slice(at * CHUNK, (at + 1) * CHUNK).join(";\n"),
      );
      await Promise.all(["BEGIN", ...chunks, "COMMIT"].map((message) => session.query(message)));
      return result;
    },
  });
}
