import { HeadgateError } from "../errors/headgate-error.ts";
import { elapsed } from "../lib/clock.ts";
import { count } from "../lib/count.ts";
import { parseDuration } from "../lib/duration.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE, sqlstateOf } from "../postgres/sqlstate.ts";
import type { ExpectationResult } from "../report/report.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import { type Expectation, expectationsOf } from "./smoke-expectations.ts";
import { lookNearby } from "./smoke-nearby.ts";
import type { Stage } from "./stage.ts";

export const hasExpectations = (context: Context): boolean => expectationsOf(context).length > 0;

interface Answer {
  readonly reason: string | undefined;
  readonly endedAt: number;
}

/** Each in a read-only transaction of its own, so that one that fails leaves the others standing. */
async function meet(session: Session, { sql, judge, what, ifFailed }: Expectation, timeout: string): Promise<Answer> {
  try {
    const [, rows] = await Promise.all([
      session.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${parseDuration(timeout)}`),
      session.query(sql),
      session.query("ROLLBACK"),
    ]);
    return { reason: judge(rows[0]?.answer), endedAt: elapsed() };
  } catch (error) {
    if (sqlstateOf(error) === undefined) throw error;
    const late = isState(error, SQLSTATE.queryCanceled) ? `${what}: no answer in smoke.timeout, ${timeout}` : undefined;
    const reason = late ?? ifFailed?.(error) ?? `${what}: ${reasonOf(error)}`;
    return { reason, endedAt: elapsed() };
  }
}

const NOT_THERE = / is not there\b/;

/** Tells what is there instead, where a name is what is wrong. */
async function explain(
  session: Session,
  all: readonly Expectation[],
  answers: readonly Answer[],
): Promise<(string | undefined)[]> {
  const reasons = answers.map((answer) => answer.reason);
  const wrong = all.flatMap(({ nearby }, at) =>
    nearby !== undefined && NOT_THERE.test(reasons[at] ?? "") ? [{ at, nearby }] : [],
  );
  if (wrong.length === 0) return reasons;
  // A hint that cannot be had leaves the reasons as they are.
  const hints = await lookNearby(
    session,
    wrong.map((one) => one.nearby),
  ).catch(() => []);
  for (const [index, { at }] of wrong.entries()) {
    const hint = hints[index];
    if (hint !== undefined) reasons[at] = `${reasons[at]}; ${hint}`;
  }
  return reasons;
}

/** Asks all expectations in one go; the server answers one after the other, which is how long each took. */
async function meetAll(context: Context, session: Session): Promise<ExpectationResult[]> {
  const all = expectationsOf(context);
  const began = elapsed();
  const answers = await Promise.all(all.map((one) => meet(session, one, context.settings.smoke.timeout)));
  const reasons = await explain(session, all, answers);
  return all.map(({ what }, at) => ({
    what,
    met: reasons[at] === undefined,
    ...(reasons[at] === undefined ? {} : { reason: reasons[at] }),
    durationMs: Math.max(0, (answers[at]?.endedAt ?? began) - (answers[at - 1]?.endedAt ?? began)),
  }));
}

function standing({ command, runFolder }: Context): string {
  if (command === "migrate") return "the migrations of this run are committed and stay";
  return runFolder === undefined ? "nothing was changed" : "what the container migrate has committed stays";
}

export const smoke: Stage = {
  name: "smoke",
  changes: "nothing",
  async run(context, state, found) {
    const session = need(state, "session");
    const expectations = await meetAll(context, session);
    found({ expectations });
    if (expectations.length === 0) return { summary: "no expectations" };
    const unmet = expectations.flatMap(({ met, reason = "" }) => (met ? [] : [reason]));
    if (unmet.length > 0) {
      throw new HeadgateError("smoke-failed", {
        what: `${unmet.length} of ${count(expectations.length, "expectation")} ${unmet.length === 1 ? "is" : "are"} not met`,
        details: unmet,
        stands: standing(context),
      });
    }
    return { summary: `${count(expectations.length, "expectation")} met` };
  },
};
