import type { Statement } from "../migrations/parser.ts";
import { namesIn } from "../statements/names.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy, type Target } from "../statements/targets.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

const IS_TYPE = /^OBJECT_(TYPE|DOMAIN)$/;

/** What the statement does to the name of a type; undefined for every other statement. */
function losesName({ kind, node }: Statement): string | undefined {
  const isAbout = (sort: unknown): boolean => IS_TYPE.test(String(sort));
  if (kind === "DropStmt" && isAbout(node.removeType)) return "is gone";
  if (kind === "RenameStmt" && isAbout(node.renameType)) return `is called ${sqlName(String(node.newname))}`;
  if (kind === "AlterObjectSchemaStmt" && isAbout(node.objectType))
    return `is in the schema ${sqlName(String(node.newschema))}`;
  return undefined;
}

const namesInFile = onceAFile(namesIn);

/** A type that older clients name in a cast. */
export const HG604: Rule = {
  id: "HG604",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    const fate = losesName(statement);
    if (fate === undefined || migration.phase === "contract") return undefined;
    const names = namesInFile(statements);
    const isMissed = (type: Target): boolean =>
      !made.has(type) &&
      names.before(type, statement).length === 0 &&
      !(migration.transaction && names.after(type, statement));
    const type = changedBy(statement).find(isMissed);
    if (type === undefined) return undefined;
    const name = sqlName(type.name, type.schema);
    return {
      danger: `the type ${name} ${fate}, and clients of the release before that name it in a cast, as an argument or in their driver fail at once`,
      instead: `first a release whose code no longer names ${name}; then this file in a later one, marked -- headgate: phase=contract`,
    };
  },
};
