import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { listMigrations } from "../migrations/listing.ts";
import { describeDifference, firstOf } from "../postgres/fingerprint-differences.ts";
import { MOST_CHANGES } from "../report/report.ts";
import { prepareHistory } from "./begin.ts";
import type { Context } from "./context.ts";
import { recordShown } from "./drift.ts";
import { verifySchema } from "./drift-verify.ts";
import { need } from "./need.ts";
import type { Stage } from "./stage.ts";
import type { RunState } from "./state.ts";
import { withRunLock } from "./under-lock.ts";

/** Between the look and the answer somebody may change more, and nobody has seen that. */
const unseen = (): HeadgateError =>
  new HeadgateError("schema-drifted", {
    what: "the schema is not, or no longer, what was shown here",
    stands: "nothing was recorded",
    fix: "look at it again: headgate verify, then headgate verify --accept",
  });

interface Accepting {
  readonly found: (part: RunState) => void;
  /** The hash of the schema that was shown. */
  readonly shown: string | undefined;
}

async function recordNow(context: Context, state: RunState, { found, shown }: Accepting): Promise<void> {
  await withRunLock(context, state, {
    found,
    async attempt({ session, history, begin }) {
      await prepareHistory(context, session, history);
      const begun = await begin({ planHash: undefined });
      if (!(await recordShown(context, session, { begun, history, shown }))) throw unseen();
      found({ kept: true });
    },
  });
}

/** Takes the schema as it is for the known one, after somebody has looked at it: the run's row says who, when, and what differed. */
export const accept: () => Stage = () => ({
  name: "verify",
  changes: "history",
  async run(context, state, found) {
    const files = listMigrations(context.dir, { mayBeAbsent: true });
    const { differences, unknown, hash } = await verifySchema(context, need(state, "session"), files);
    const lines = differences.map(describeDifference);
    await context.going.consent?.([
      ...(unknown === undefined ? lines : [`what differs is not known: ${unknown}`]),
      "the schema as it is now counts as what the last run left; nothing in it is touched",
    ]);
    for (const line of lines) context.log.info(`  ${line}`);
    await recordNow(context, state, { found, shown: hash });
    found({ drift: firstOf(differences, MOST_CHANGES) });
    return {
      summary: `the schema as it is now is the known one${differences.length === 0 ? "" : `; ${count(differences.length, "difference")} accepted`}`,
    };
  },
});
