import type { Statement } from "../migrations/parser.ts";
import { isPatient, needsNoTransaction } from "../migrations/statements.ts";
import { asNode, list } from "../migrations/tree.ts";
import type { FileRule } from "./rule.ts";

const CHANGES_NOTHING_TWICE =
  /^(VariableSet|VariableShow|Select|Comment|Vacuum|Notify|Load|CheckPoint|RefreshMatView)Stmt$/;

/** True when it may run again after it has run: guarded, or settled by the catalog. */
const runsAgain = (statement: Statement): boolean => {
  const { kind, node } = statement;
  const commands = list(node.cmds).map((item) => asNode(item.AlterTableCmd));
  const isGuarded =
    [node.if_not_exists, node.missing_ok, node.replace, node.skipIfNewValExists].includes(true) ||
    (commands.length > 0 && commands.every((command) => command.missing_ok === true));
  return isGuarded || CHANGES_NOTHING_TWICE.test(kind) || isPatient(statement) || needsNoTransaction(statement);
};

/** A file of which a part stays when the rest fails. */
export const HG808: FileRule = {
  id: "HG808",
  risk: "medium",
  acknowledgeable: true,
  checkFile({ migration, statements }) {
    if (migration.transaction) return [];
    const [first, second] = statements.filter((statement) => !runsAgain(statement));
    if (first === undefined || second === undefined) return [];
    const at = second.line === undefined ? "" : ` in line ${second.line}`;
    return [
      {
        line: second.line,
        danger: `each statement commits by itself: when the one${at} fails, what stands before it stays, the release stops between the two, and no rollback takes back half of a file`,
        instead:
          "a file for each of them; what runs in a transaction goes into one without the line -- headgate: no-transaction",
      },
    ];
  },
};
