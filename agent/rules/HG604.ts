import type { Statement } from "../migrations/parser.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy, madeBy, type Target } from "../statements/targets.ts";
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

const isSame = (one: Target, other: Target): boolean => one.name === other.name && one.schema === other.schema;

/** True when an earlier statement of the file gave the type that name: no client knows it. */
const gotName = (statement: Statement, type: Target): boolean =>
  statement.kind === "RenameStmt" &&
  IS_TYPE.test(String(statement.node.renameType)) &&
  changedBy(statement).some((one) => isSame({ ...one, name: String(statement.node.newname) }, type));

/** A type that older clients name in a cast. */
export const HG604: Rule = {
  id: "HG604",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    const fate = losesName(statement);
    if (fate === undefined || migration.phase === "contract") return undefined;
    const at = statements.indexOf(statement);
    const [before, later] = [statements.slice(0, at), statements.slice(at + 1)];
    const isMissed = (type: Target): boolean =>
      !made.has(type) &&
      !before.some((one) => gotName(one, type)) &&
      !(
        migration.transaction &&
        later.some((one) => madeBy(one).some((next) => next.sort === "type" && isSame(next, type)))
      );
    const type = changedBy(statement).find(isMissed);
    if (type === undefined) return undefined;
    const name = sqlName(type.name, type.schema);
    return {
      danger: `the type ${name} ${fate}, and clients of the release before that name it in a cast, as an argument or in their driver fail at once`,
      instead: `first a release whose code no longer names ${name}; then this file in a later one, marked -- headgate: phase=contract`,
    };
  },
};
