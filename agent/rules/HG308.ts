import type { Statement } from "../migrations/parser.ts";
import { asNode, list } from "../migrations/tree.ts";
import { type Action, actionsOf, actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

const NOTHING = "n";

/** Gives the table another key, or says how replication tells its rows apart without one. */
const identifies = ({ type, def }: Action): boolean =>
  (type === "AT_AddConstraint" && def.contype === "CONSTR_PRIMARY") ||
  (type === "AT_AddColumn" &&
    list(def.constraints).some((item) => asNode(item.Constraint).contype === "CONSTR_PRIMARY")) ||
  (type === "AT_ReplicaIdentity" && def.identity_type !== NOTHING);

/** The tables of which the statements say that, as SQL writes them. */
const identified = (statements: readonly Statement[]): ReadonlySet<string> =>
  new Set(statements.flatMap(actionsOf).flatMap((action) => (identifies(action) ? [action.table.sql] : [])));

const identifiedInFile = onceAFile(identified);

const losesKey = ({ type, name = "", def }: Action): boolean =>
  (type === "AT_DropConstraint" && /_pkey\d*$/.test(name)) ||
  (type === "AT_ReplicaIdentity" && def.identity_type === NOTHING);

/** A table whose rows replication can no longer tell apart. */
export const HG308: Rule = {
  id: "HG308",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    const lost = [
      ...actionsOn(statement, made, "AT_DropConstraint"),
      ...actionsOn(statement, made, "AT_ReplicaIdentity"),
    ];
    const found = lost.find(losesKey);
    if (found === undefined) return undefined;
    const { sql, bare } = found.table;
    // What a transaction drops and makes again was never gone.
    const tables = migration.transaction ? identifiedInFile(statements) : identified([statement]);
    if (tables.has(sql)) return undefined;
    const replication = `where ${sql} is in a publication, every UPDATE and DELETE of it fails: nothing tells its rows apart`;
    if (found.type === "AT_ReplicaIdentity") {
      return {
        danger: replication,
        instead: `ALTER TABLE ${sql} REPLICA IDENTITY USING INDEX …, with a unique index of columns that are NOT NULL; or take ${sql} out of the publication`,
      };
    }
    const key = sqlName(String(found.name));
    const next = sqlName(`${bare}_new_pkey`);
    return {
      danger: `${replication}; each INSERT with ON CONFLICT that relied on ${key} fails, and rows may be there twice`,
      instead: `build the index of the new key before: CREATE UNIQUE INDEX CONCURRENTLY ${next} ON ${sql} (…); then change keys at once: ALTER TABLE ${sql} DROP CONSTRAINT ${key}, ADD CONSTRAINT ${key} PRIMARY KEY USING INDEX ${next}`,
    };
  },
};
