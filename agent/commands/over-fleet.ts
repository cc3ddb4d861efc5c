import { HeadgateError } from "../errors/headgate-error.ts";
import type { RunOptions, RunResult } from "../pipeline/runner.ts";
import type { Context } from "../stages/context.ts";
import { isFleet } from "../stages/schemas.ts";

/** True for a run over all the schemas of a fleet. */
export const isOverFleet = ({ settings, schema }: Context): boolean => schema === undefined && isFleet(settings);

/** For what is done in one schema at a time. Throws `usage` when it is not said which. */
export function needsSchema(context: Context): void {
  if (!isOverFleet(context)) return;
  throw new HeadgateError("usage", {
    what: `the settings name a fleet of schemas, and ${context.command} is about one of them`,
    fix: "name it with --schema; headgate status shows them all",
    stands: "nothing was changed",
  });
}

/** The same stages, in each schema of the fleet. */
export async function overFleet(
  { stages, skip = {} }: RunOptions,
  record: (context: Context, result: RunResult) => Promise<void>,
): Promise<RunOptions> {
  const [{ fleet }, { fleetSmoke }] = await Promise.all([
    import("../pipeline/fleet.ts"),
    import("../pipeline/fleet-smoke.ts"),
  ]);
  const named = (...names: readonly string[]) => stages.filter((stage) => names.includes(stage.name));
  const smoke = named("smoke").length > 0 ? [fleetSmoke] : [];
  const each = named("revert", "migrate", "verify");
  return { stages: [...named("wait"), ...(each.length > 0 ? [fleet({ stages: each, record })] : []), ...smoke], skip };
}
