import type { Checked } from "../checks/check.ts";
import { runChecks } from "../checks/index.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import { type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions } from "./options.ts";
import { needsSchema } from "./over-fleet.ts";
import { withSession } from "./with-session.ts";

const verdictOf = ({ obstacle }: Checked): "ok" | "warning" | "fails" => {
  if (obstacle === undefined) return "ok";
  return obstacle.severity ?? "fails";
};

const lineOf = (checked: Checked): string => {
  const { check, obstacle } = checked;
  const head = `${verdictOf(checked).padEnd(8)} ${check.name}`;
  return obstacle === undefined ? head : `${head}: ${obstacle.what}\n         fix: ${obstacle.fix}`;
};

const toJson = (checked: Checked) => ({
  name: checked.check.name,
  verdict: verdictOf(checked),
  what: checked.obstacle?.what ?? null,
  fix: checked.obstacle?.fix ?? null,
});

export const doctor: Command = {
  options: databaseOptions,
  examples: [["headgate doctor", "would a run be let through here, and what would it meet?"]],
  run: async (args, io) =>
    await withContext("doctor", { args, io }, async (context) => {
      needsSchema(context);
      const { settings, names } = context;
      const { results, invalid } = await withSession(context, async (session) => ({
        results: await runChecks({ session, settings, names }),
        invalid: await invalidIndexes(session),
      }));
      if (flagArg(args, "json"))
        io.out(`${JSON.stringify({ checks: results.map(toJson), invalidIndexes: invalid })}\n`);
      else {
        const indexes = invalid.map((name) => `warning  invalid index: DROP INDEX CONCURRENTLY ${name};`);
        io.out(`${[...results.map(lineOf), ...indexes].join("\n")}\n`);
      }
      const failed = results.filter((one) => verdictOf(one) === "fails");
      if (failed.length === 0) return 0;
      throw new HeadgateError("preflight-failed", {
        what: `${count(failed.length, "check")} would stop a run: ${failed.map(({ check }) => check.name).join(", ")}`,
        stands: "nothing was changed",
      });
    }),
};
