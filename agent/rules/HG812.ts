import { doBody } from "../statements/do-body.ts";
import type { Rule } from "./rule.ts";

const EXECUTES = /\bEXECUTE\b(?!\s+(?:FUNCTION|PROCEDURE|ON)\b)/i;
const CHANGES_WHAT_IS_THERE =
  /(?:^|;|\b(?:BEGIN|THEN|ELSE|LOOP))\s*((?:ALTER|DROP|TRUNCATE|REINDEX|LOCK|CLUSTER|REFRESH|REVOKE|CREATE\s+(?:UNIQUE\s+)?INDEX|CREATE\s+TRIGGER)\b)/i;

/** What a DO block does beyond rows: it builds its SQL, or it changes what is there. */
function hides(body: string): string | undefined {
  if (EXECUTES.test(body)) return "runs SQL that it builds as it goes";
  const [, word] = CHANGES_WHAT_IS_THERE.exec(body) ?? [];
  return word === undefined ? undefined : `runs ${word.toUpperCase().replace(/\s+/g, " ")} …`;
}

/** A block of code that changes the schema where no rule looks. */
export const HG812: Rule = {
  id: "HG812",
  risk: "medium",
  acknowledgeable: true,
  check(statement) {
    const body = doBody(statement);
    const what = body === undefined ? undefined : hides(body);
    if (what === undefined) return undefined;
    return {
      danger: `the DO block ${what}, and nothing in it is judged: no rule, no lock and no loss of data is looked for`,
      instead:
        "write the statements themselves into the file, with IF EXISTS or IF NOT EXISTS where they need a condition",
    };
  },
};
