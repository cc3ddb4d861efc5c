import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Check, CheckContext } from "./check.ts";

const sqlOf = ({ names }: CheckContext): string => {
  const schema = quoteLiteral(names.schemaName);
  const mirror = quoteLiteral(names.pgmigrationsName.schema);
  const privilege = (name: string, right: string) =>
    `(SELECT has_schema_privilege(n.oid, '${right}') FROM pg_namespace n WHERE n.nspname = ${name})`;
  return `SELECT has_database_privilege(current_database(), 'CREATE') AS database,
 ${privilege(schema, "USAGE")} AS own, ${privilege(mirror, "CREATE")} AS mirror,
 to_regclass(${quoteLiteral(names.pgmigrations)}) IS NOT NULL AS mirror_table,
 current_schema() AS current, (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = current_schema()) AS create_here`;
};

/** Enough to keep the history, and to create objects where migrations will. */
export const privileges: Check = {
  name: "privileges",
  async run(context) {
    const { session, names } = context;
    const [row = {}] = await session.query(sqlOf(context));
    const role = quoteIdentifier(session.facts.role);
    const database = quoteIdentifier(session.facts.database);
    const missing: string[] = [];
    const grants: string[] = [];
    const need = (holds: boolean, what: string, grant: string) => {
      if (holds) return;
      missing.push(what);
      grants.push(grant);
    };
    if (row.own === null) {
      need(
        row.database === true,
        `CREATE on the database, for the schema ${names.schema}`,
        `GRANT CREATE ON DATABASE ${database} TO ${role}`,
      );
    } else
      need(
        row.own === true,
        `USAGE on the schema ${names.schema}`,
        `GRANT USAGE, CREATE ON SCHEMA ${names.schema} TO ${role}`,
      );
    if (row.mirror_table !== true) {
      const mirrorSchema = quoteIdentifier(names.pgmigrationsName.schema);
      need(
        row.mirror === true,
        `CREATE on the schema ${mirrorSchema}, for ${names.pgmigrations}`,
        `GRANT CREATE ON SCHEMA ${mirrorSchema} TO ${role}`,
      );
    }
    const here = quoteIdentifier(String(row.current ?? "public"));
    need(
      row.create_here === true,
      `CREATE on the schema ${here}, where migrations create objects`,
      `GRANT USAGE, CREATE ON SCHEMA ${here} TO ${role}`,
    );
    if (missing.length === 0) return undefined;
    const unique = [...new Set(grants)];
    return {
      what: `the role ${role} lacks ${missing.join("; ")}`,
      fix: `as the owner: ${unique.join("; ")}`,
    };
  },
};
