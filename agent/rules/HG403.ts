import type { Statement } from "../migrations/parser.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy, madeBy, madeUnlessThere, relationTarget, type Target } from "../statements/targets.ts";
import type { Rule } from "./rule.ts";

const NAMED_BY_CLIENTS = /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE|SCHEMA)$/;

/** The name before the statement, and after it. */
interface Move {
  readonly from: Target;
  readonly to: Target;
}

function moveOf(statement: Statement): Move | undefined {
  const { kind, node } = statement;
  const sort = kind === "RenameStmt" ? node.renameType : kind === "AlterObjectSchemaStmt" ? node.objectType : "";
  const [from] = changedBy(statement);
  if (from === undefined || !NAMED_BY_CLIENTS.test(String(sort))) return undefined;
  const changed = kind === "RenameStmt" ? { name: String(node.newname) } : { schema: String(node.newschema) };
  return { from, to: { ...from, ...changed } };
}

const isSame = (one: Target, other: Target): boolean =>
  one.sort === other.sort &&
  one.name === other.name &&
  (one.schema === other.schema || one.schema === undefined || other.schema === undefined);

/** True when the statement puts something else under that name: a view, or another table. */
function standsIn(statement: Statement, name: Target): boolean {
  const to = statement.kind === "ViewStmt" ? relationTarget(statement.node.view) : moveOf(statement)?.to;
  return to !== undefined && isSame(to, name);
}

/** True when the statement makes a new table under that name. */
const makesAnother = (statement: Statement, name: Target): boolean =>
  /^Create(Stmt|TableAsStmt)$/.test(statement.kind) &&
  [...madeBy(statement), ...madeUnlessThere(statement)].some((to) => isSame(to, name));

/** A table or schema that older clients no longer find. */
export const HG403: Rule = {
  id: "HG403",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    const move = moveOf(statement);
    if (move === undefined || made.has(move.from) || migration.phase === "contract") return undefined;
    const later = statements.slice(statements.indexOf(statement) + 1);
    if (migration.transaction && later.some((one) => standsIn(one, move.from))) return undefined;
    const [from, to] = [move.from, move.to].map(({ name, schema }) => sqlName(name, schema));
    if (later.some((one) => makesAnother(one, move.from))) {
      return {
        danger: `clients of the release before that name ${from} find another table under it, without the rows and perhaps without the columns that they know`,
        instead: `give the new table a name of its own and leave ${from} until no code names it; in a release after that, rename both in a file marked -- headgate: phase=contract`,
      };
    }
    return {
      danger: `clients of the release before that name ${from} fail at once, until the last of them is gone`,
      instead:
        move.from.sort === "schema"
          ? `leave ${from} and make the schema ${to} beside it, with a view of each table, until no code names ${from}`
          : `keep the old name in the same file, as a view: CREATE VIEW ${from} AS SELECT * FROM ${to}`,
    };
  },
};
