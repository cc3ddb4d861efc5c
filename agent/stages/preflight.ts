import type { CheckContext } from "../checks/check.ts";
import { checks } from "../checks/index.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import { need } from "./need.ts";
import type { Stage } from "./stage.ts";

export const preflight: Stage = {
  name: "preflight",
  changes: "nothing",
  async run(context, state) {
    const session = need(state, "session");
    const subject: CheckContext = { session, settings: context.settings, names: context.names };
    // All at once: their queries share one round trip.
    const [invalidBefore, ...results] = await Promise.all([
      invalidIndexes(session),
      ...checks.map(async (check) => ({ check, obstacle: await check.run(subject) })),
    ]);
    const obstacles = results.flatMap(({ check, obstacle }) => (obstacle === undefined ? [] : [{ check, obstacle }]));
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
    return { state: { invalidBefore }, summary: `${checks.length} checks passed` };
  },
};
