import type { Checked } from "../checks/check.ts";
import { runChecks } from "../checks/index.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { plainTerminal } from "../lib/plain.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "../stages/context.ts";
import { findMisfits, fitChecks } from "../stages/fits-database.ts";
import { makePlan } from "../stages/plan.ts";
import { type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions } from "./options.ts";
import { needsSchema } from "./over-fleet.ts";
import { withSession } from "./with-session.ts";

const verdictOf = ({ obstacle }: Checked): "ok" | "warning" | "unknown" | "fails" => {
  if (obstacle === undefined) return "ok";
  return obstacle.severity ?? "fails";
};

const lineOf = (checked: Checked): string => {
  const { name, obstacle } = checked;
  const head = `${verdictOf(checked).padEnd(8)} ${name}`;
  return obstacle === undefined ? head : `${head}: ${obstacle.what}\n         fix: ${obstacle.fix}`;
};

const toJson = (checked: Checked) => ({
  name: checked.name,
  verdict: verdictOf(checked),
  what: checked.obstacle?.what ?? null,
  fix: checked.obstacle?.fix ?? null,
});

/** What the pending migrations want. Who has no files at hand, or no right to the record, learns the rest all the same. */
async function fits(context: Context, session: Session): Promise<Checked[]> {
  try {
    return await findMisfits((await makePlan(context, session)).migrations, session);
  } catch (error) {
    if (!(error instanceof HeadgateError)) throw error;
    const what = `what is pending could not be found out: ${error.message}`;
    return fitChecks.map((name) => ({ name, obstacle: { severity: "unknown", what, fix: error.fix } }));
  }
}

export const doctor: Command = {
  options: databaseOptions,
  examples: [["headgate doctor", "would a run be let through here, and what would it meet?"]],
  run: async (args, io) =>
    await withContext("doctor", { args, io }, async (context) => {
      needsSchema(context);
      const { settings, names, env, scratch, s3 } = context;
      const { results, invalid } = await withSession(context, async (session) => ({
        results: [
          ...(await runChecks({ session, settings, names, env, scratch, s3 })),
          ...(await fits(context, session)),
        ],
        invalid: await invalidIndexes(session),
      }));
      if (flagArg(args, "json"))
        io.out(`${JSON.stringify({ checks: results.map(toJson), invalidIndexes: invalid })}\n`);
      else {
        const indexes = invalid.map((name) => `warning  invalid index: DROP INDEX CONCURRENTLY ${name};`);
        io.out(plainTerminal(`${[...results.map(lineOf), ...indexes].join("\n")}\n`));
      }
      const failed = results.filter((one) => verdictOf(one) === "fails");
      if (failed.length === 0) return 0;
      throw new HeadgateError("preflight-failed", {
        what: `${count(failed.length, "check")} would stop a run: ${failed.map(({ name }) => name).join(", ")}`,
        stands: "nothing was changed",
      });
    }),
};
