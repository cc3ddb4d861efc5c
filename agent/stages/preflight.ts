import type { CheckContext } from "../checks/check.ts";
import { checks, runChecks } from "../checks/index.ts";
import { count } from "../lib/count.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import { need } from "./need.ts";
import { isFound, preflightFailed } from "./preflight-failed.ts";
import type { Stage } from "./stage.ts";

export const preflight: Stage = {
  name: "preflight",
  changes: "nothing",
  async run(context, state) {
    const session = need(state, "session");
    const { settings, names, env, scratch, s3 } = context;
    const subject: CheckContext = { session, settings, names, env, scratch, s3 };
    const [invalidBefore, results] = await Promise.all([invalidIndexes(session), runChecks(subject)]);
    const found = results.filter(isFound);
    const warnings = found.filter(({ obstacle }) => obstacle.severity === "warning");
    const obstacles = found.filter(({ obstacle }) => obstacle.severity === undefined);
    for (const { name, obstacle } of warnings) context.log.warn(`${name}: ${obstacle.what}; ${obstacle.fix}`);
    if (obstacles.length > 0)
      throw preflightFailed(
        `${obstacles.length} of ${checks.length} checks failed on ${session.facts.database}`,
        obstacles,
      );
    if (invalidBefore.length > 0)
      context.log.warn(`invalid indexes were here before this run: ${invalidBefore.join(", ")}`);
    return {
      state: { invalidBefore },
      summary: `${checks.length - found.length} checks passed${warnings.length === 0 ? "" : `, ${count(warnings.length, "warning")}`}`,
    };
  },
};
