import { needsNoTransaction } from "../migrations/statements.ts";
import type { Rule } from "./rule.ts";

/** What PostgreSQL refuses inside a transaction block (25001), in a file that runs inside one. */
export const HG104: Rule = {
  id: "HG104",
  risk: "high",
  acknowledgeable: false,
  check(statement, { migration }) {
    if (!migration.transaction || !needsNoTransaction(statement)) return undefined;
    return {
      danger: "PostgreSQL refuses this inside a transaction block (25001), and the file runs inside one",
      instead: "put it into a file of its own with the line -- headgate: no-transaction",
    };
  },
};
