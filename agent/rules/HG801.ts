import { withoutComments } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const HARMLESS = ["TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO"];

/** Transaction control in a file that runs inside a transaction. */
export const HG801: Rule = {
  id: "HG801",
  risk: "high",
  acknowledgeable: false,
  check({ kind, node, sql }, { migration }) {
    if (kind !== "TransactionStmt" || HARMLESS.includes(String(node.kind))) return undefined;
    if (!migration.transaction) {
      return {
        danger: `${withoutComments(sql)}: in a no-transaction file each statement runs by itself, a transaction of your own cannot be resumed after a kill`,
        instead: "move what belongs together into a migration of its own, without the no-transaction header",
      };
    }
    return {
      danger: `${withoutComments(sql)}: Headgate commits each migration together with its history row; ended earlier, a failure afterwards leaves half of it behind`,
      instead: "delete it; or declare -- headgate: no-transaction when the file cannot run in one",
    };
  },
};
