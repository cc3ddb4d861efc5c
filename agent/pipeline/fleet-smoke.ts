import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { withSchema } from "../lib/row-lines.ts";
import { placeIn } from "../postgres/session.ts";
import type { ExpectationResult } from "../report/report.ts";
import { need } from "../stages/need.ts";
import { inSchema, listSchemas } from "../stages/schemas.ts";
import { hasExpectations, smoke } from "../stages/smoke.ts";
import type { Stage } from "../stages/stage.ts";

/** The expectations, in every schema of the fleet, whether this run has changed it or not. */
export const fleetSmoke: Stage = {
  name: "smoke",
  changes: "nothing",
  async run(context, state, found) {
    if (!hasExpectations(context)) return { summary: "no expectations" };
    const session = need(state, "session");
    const schemas = state.fleet?.listed ?? (await listSchemas(context, session));
    const unmet: string[] = [];
    const expectations: ExpectationResult[] = [];
    let where = 0;
    let stands: string | undefined;
    for (const schema of schemas) {
      context.signal.throwIfAborted();
      const member = inSchema(context, schema);
      await session.query(placeIn(member.settings.database));
      try {
        await smoke.run(member, state, (part) => {
          expectations.push(...(part.expectations ?? []).map((one) => ({ ...one, what: `${schema}: ${one.what}` })));
          found({ expectations });
        });
      } catch (error) {
        if (!(error instanceof HeadgateError)) throw error;
        where += 1;
        unmet.push(...error.details.map((detail) => withSchema(detail, schema)));
        stands = error.stands;
      }
    }
    await session.query(session.restore);
    if (unmet.length === 0) return { summary: `the expectations are met in ${count(schemas.length, "schema")}` };
    throw new HeadgateError("smoke-failed", {
      what: `${count(unmet.length, "expectation")} ${unmet.length === 1 ? "is" : "are"} not met, in ${where} of ${count(schemas.length, "schema")}`,
      details: unmet,
      ...(stands === undefined ? {} : { stands }),
    });
  },
};
