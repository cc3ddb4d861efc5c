import type { Statement } from "../migrations/parser.ts";
import { phasesOf } from "../statements/phase.ts";
import { changedBy } from "../statements/targets.ts";
import type { FileRule, Subject } from "./rule.ts";

/** What a set that is applied for the first time makes is nobody's yet. */
const isOld =
  ({ made }: Subject) =>
  (statement: Statement): boolean => {
    const targets = changedBy(statement);
    return targets.length === 0 || !targets.every(made.has);
  };

/** A file that older code does not survive, and that nothing takes back. */
export const HG810: FileRule = {
  id: "HG810",
  risk: "medium",
  acknowledgeable: true,
  checkFile(subject) {
    const { migration, statements } = subject;
    if (migration.downKind === "stored" || migration.phase !== "unknown") return [];
    const old = statements.filter(isOld(subject));
    const at = phasesOf(old).indexOf("contract");
    if (at === -1) return [];
    const known = migration.downKind === "dynamic" ? "its way back is only known while it runs" : "it has no way back";
    return [
      {
        line: old[at]?.line,
        danger: `code of the release before does not work with it any more, and ${known}: helm rollback to that release is refused`,
        instead:
          "write what takes it back under -- Down Migration (in a script: the function down); where nothing can, mark it -- headgate: phase=contract and let it come in a release after the code that does without",
      },
    ];
  },
};
