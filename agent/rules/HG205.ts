import type { Statement } from "../migrations/parser.ts";
import { asNode, list, type Node } from "../migrations/tree.ts";
import { isSerial } from "../statements/add-column.ts";
import { actionsOn, type TableName, tableOf } from "../statements/alter.ts";
import { constraintsDropped, keyInSteps } from "../statements/constraints.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Found, Rule } from "./rule.ts";

const droppedInFile = onceAFile(constraintsDropped);

interface Added {
  readonly table: TableName;
  /** The new column, bare and as SQL writes it. */
  readonly bare: string;
  readonly column: string;
  readonly constraint: Node;
  readonly def: Node;
  /** Of the whole file. */
  readonly statements: readonly Statement[];
}

type Advice = (added: Added) => Found | undefined;

const indexed =
  (words: "UNIQUE" | "PRIMARY KEY") =>
  ({ table, bare, column, statements }: Added): Found => {
    const isPrimary = words === "PRIMARY KEY";
    const name = isPrimary ? `${table.bare}_pkey` : `${table.bare}_${bare}_key`;
    const { index, drop } = keyInSteps({ table, name, isPrimary }, droppedInFile(statements));
    const filled = isPrimary ? `, once ${column} is filled and NOT NULL (HG209)` : "";
    return {
      danger: `nobody can read or write ${table.sql} until the index of ${column} is built (ACCESS EXCLUSIVE lock)`,
      instead: `add ${column} without ${words}; then in a no-transaction file CREATE UNIQUE INDEX CONCURRENTLY ${index} ON ${table.sql} (${column}); then ALTER TABLE ${table.sql} ${drop}ADD CONSTRAINT ${sqlName(name)} ${words} USING INDEX ${index}${filled}`,
      table: table.sql,
    };
  };

const check: Advice = ({ table, bare, column }) => {
  const name = sqlName(`${table.bare}_${bare}_check`);
  return {
    danger: `nobody can read or write ${table.sql} until every row is checked (ACCESS EXCLUSIVE lock)`,
    instead: `add ${column} without CHECK; then ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} CHECK (…) NOT VALID; and in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}`,
    table: table.sql,
  };
};

/** Where every row gets NULL, PostgreSQL looks up none of them. */
const isNull = (def: Node): boolean =>
  !isSerial(def) &&
  !list(def.constraints).some((item) => /^CONSTR_(DEFAULT|GENERATED)$/.test(String(asNode(item.Constraint).contype)));

const foreign: Advice = ({ table, bare, column, constraint, def }) => {
  if (isNull(def)) return undefined;
  const other = tableOf(constraint.pktable).sql;
  const name = sqlName(`${table.bare}_${bare}_fkey`);
  const [more, locks] =
    other === table.sql
      ? ["", "ACCESS EXCLUSIVE lock"]
      : [`, nor write ${other},`, "ACCESS EXCLUSIVE and SHARE ROW EXCLUSIVE locks"];
  return {
    danger: `nobody can read or write ${table.sql}${more} until every row is looked up (${locks})`,
    instead: `add ${column} without REFERENCES; then ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES ${other} NOT VALID; and in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}`,
    table: table.sql,
  };
};

const byConstraint: Readonly<Record<string, Advice>> = {
  CONSTR_PRIMARY: indexed("PRIMARY KEY"),
  CONSTR_UNIQUE: indexed("UNIQUE"),
  CONSTR_CHECK: check,
  CONSTR_FOREIGN: foreign,
};

/** A new column that brings a constraint along. */
export const HG205: Rule = {
  id: "HG205",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, statements }) {
    return actionsOn(statement, made, "AT_AddColumn").flatMap(({ table, def }) => {
      const bare = String(def.colname);
      const added = { table, bare, column: sqlName(bare), def, statements };
      const constraints = list(def.constraints).map((item) => asNode(item.Constraint));
      return constraints.flatMap(
        (constraint) => byConstraint[String(constraint.contype)]?.({ ...added, constraint }) ?? [],
      );
    });
  },
};
