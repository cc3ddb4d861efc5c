import { asNode, list, type Node } from "../migrations/tree.ts";
import { actionsOn, type TableName, tableOf } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Found, Rule } from "./rule.ts";

interface Added {
  readonly table: TableName;
  /** The new column, bare and as SQL writes it. */
  readonly bare: string;
  readonly column: string;
  readonly constraint: Node;
}

type Advice = (added: Added) => Found;

const indexed = ({ table, column }: Added, words: string, name: string) => ({
  danger: `nobody can read or write ${table.sql} until the index of ${column} is built (ACCESS EXCLUSIVE lock)`,
  instead: `add ${column} without ${words}; then in a no-transaction file CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table.sql} (${column}); then ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} ${words} USING INDEX ${name}`,
  table: table.sql,
});

const unique: Advice = (added) => indexed(added, "UNIQUE", sqlName(`${added.table.bare}_${added.bare}_key`));
const primary: Advice = (added) => {
  const { instead, ...rest } = indexed(added, "PRIMARY KEY", sqlName(`${added.table.bare}_pkey`));
  return { ...rest, instead: `${instead}, once ${added.column} is filled and NOT NULL (HG209)` };
};

const check: Advice = ({ table, bare, column }) => {
  const name = sqlName(`${table.bare}_${bare}_check`);
  return {
    danger: `nobody can read or write ${table.sql} until every row is checked (ACCESS EXCLUSIVE lock)`,
    instead: `add ${column} without CHECK; then ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} CHECK (…) NOT VALID; and in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}`,
    table: table.sql,
  };
};

const foreign: Advice = ({ table, bare, column, constraint }) => {
  const other = tableOf(constraint.pktable).sql;
  const name = sqlName(`${table.bare}_${bare}_fkey`);
  return {
    danger: `nobody can read or write ${table.sql}, nor write ${other}, until the file commits (ACCESS EXCLUSIVE and SHARE ROW EXCLUSIVE locks)`,
    instead: `add ${column} without REFERENCES; then ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES ${other} NOT VALID; and in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}`,
  };
};

const byConstraint: Readonly<Record<string, Advice>> = {
  CONSTR_PRIMARY: primary,
  CONSTR_UNIQUE: unique,
  CONSTR_CHECK: check,
  CONSTR_FOREIGN: foreign,
};

/** A new column that brings a constraint along. */
export const HG205: Rule = {
  id: "HG205",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    for (const { table, def } of actionsOn(statement, made, "AT_AddColumn")) {
      const bare = String(def.colname);
      for (const constraint of list(def.constraints).map((item) => asNode(item.Constraint))) {
        const advice = byConstraint[String(constraint.contype)];
        if (advice !== undefined) return advice({ table, bare, column: sqlName(bare), constraint });
      }
    }
    return undefined;
  },
};
