import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import { actionsOn, tableOf } from "../statements/alter.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Found, Rule, Subject } from "./rule.ts";

const options = (value: unknown): readonly Node[] => list(value).map(({ DefElem }) => asNode(DefElem));

const isOn = (value: unknown, name: string): boolean =>
  options(value).some(({ defname, arg }) => defname === name && asNode(asNode(arg).Boolean).boolval === true);

function withoutPolicy(statement: Statement, { made }: Subject): Found | undefined {
  const [action] = actionsOn(statement, made, "AT_EnableRowSecurity");
  if (action === undefined) return undefined;
  const { sql } = action.table;
  return {
    danger: `no policy of this set lets anybody see rows of ${sql}: without one, every role but its owner finds the table empty`,
    instead: `in the same file, before it: CREATE POLICY ${sqlName(`${action.table.bare}_seen`)} ON ${sql} USING (…)`,
    unless: marks.policed(sql),
  };
}

/** What a GRANT opens that PostgreSQL keeps closed to PUBLIC by itself. */
function opened({ objtype, objects, privileges }: Node): string | undefined {
  if (objtype === "OBJECT_TABLE" || objtype === "OBJECT_SEQUENCE")
    return list(objects)
      .map((one) => tableOf(one).sql)
      .join(", ");
  const mayCreate =
    privileges === undefined || list(privileges).some(({ AccessPriv }) => asNode(AccessPriv).priv_name === "create");
  const sort = { OBJECT_SCHEMA: "the schema", OBJECT_DATABASE: "the database" }[String(objtype)];
  if (sort === undefined || !mayCreate) return undefined;
  return `${sort} ${list(objects)
    .map((one) => sqlName(String(nameParts(one).at(-1))))
    .join(", ")}`;
}

function toPublic({ kind, node }: Statement): Found | undefined {
  if (kind !== "GrantStmt" || node.is_grant !== true) return undefined;
  if (!list(node.grantees).some(({ RoleSpec }) => asNode(RoleSpec).roletype === "ROLESPEC_PUBLIC")) return undefined;
  const what = opened(node);
  if (what === undefined) return undefined;
  return {
    danger: `PUBLIC is every role of the server, those to come included: all of them may do this with ${what}`,
    instead: "GRANT it TO the roles that need it, or to one role that they are members of",
  };
}

function definer({ kind, node }: Statement): Found | undefined {
  // A body of BEGIN ATOMIC is bound to its tables when it is made.
  if (kind !== "CreateFunctionStmt" || node.sql_body !== undefined || !isOn(node.options, "security")) return undefined;
  const setsPath = options(node.options).some(({ arg }) => asNode(asNode(arg).VariableSetStmt).name === "search_path");
  if (setsPath) return undefined;
  const [name, schema] = nameParts(node.funcname).toReversed();
  return {
    danger: `${sqlName(String(name), asText(schema))} runs with its owner's rights and its caller's search_path: who may create a table or a function somewhere can have it use theirs`,
    instead: "add to its definition the schemas that it uses, pg_temp last: SET search_path = public, pg_temp",
  };
}

function superuser({ kind, node }: Statement): Found | undefined {
  if (!/^(Create|Alter)RoleStmt$/.test(kind) || !isOn(node.options, "superuser")) return undefined;
  const role = sqlName(String(kind === "CreateRoleStmt" ? node.role : asNode(node.role).rolename));
  return {
    danger: `no privilege and no policy holds for ${role} from here on, in any database of the server`,
    instead: `GRANT ${role} what it needs; for one task there are roles such as pg_monitor and pg_read_all_data`,
  };
}

/** Access that ends, or that opens wider than it seems. */
export const HG410: Rule = {
  id: "HG410",
  risk: "medium",
  acknowledgeable: true,
  check: (statement, subject) =>
    withoutPolicy(statement, subject) ?? toPublic(statement) ?? definer(statement) ?? superuser(statement),
};
