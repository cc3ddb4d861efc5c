import type { CheckContext } from "../checks/check.ts";
import { checks, runChecks } from "../checks/index.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import { need } from "./need.ts";
import type { Stage } from "./stage.ts";

export const preflight: Stage = {
  name: "preflight",
  changes: "nothing",
  async run(context, state) {
    const session = need(state, "session");
    const subject: CheckContext = { session, settings: context.settings, names: context.names };
    const [invalidBefore, results] = await Promise.all([invalidIndexes(session), runChecks(subject)]);
    const found = results.flatMap(({ check, obstacle }) => (obstacle === undefined ? [] : [{ check, obstacle }]));
    const warnings = found.filter(({ obstacle }) => obstacle.severity === "warning");
    const obstacles = found.filter((one) => !warnings.includes(one));
    for (const { check, obstacle } of warnings) context.log.warn(`${check.name}: ${obstacle.what}; ${obstacle.fix}`);
    if (obstacles.length > 0) {
      throw new HeadgateError("preflight-failed", {
        what: `${obstacles.length} of ${checks.length} checks failed on ${session.facts.database}`,
        details: obstacles.flatMap(({ check, obstacle }) => [
          `${check.name}: ${obstacle.what}`,
          `  fix: ${obstacle.fix}`,
        ]),
        stands: "nothing was changed",
      });
    }
    if (invalidBefore.length > 0)
      context.log.warn(`invalid indexes were here before this run: ${invalidBefore.join(", ")}`);
    return {
      state: { invalidBefore },
      summary: `${checks.length - warnings.length} checks passed${warnings.length === 0 ? "" : `, ${count(warnings.length, "warning")}`}`,
    };
  },
};
