import { reasonOf } from "../lib/reason.ts";
import { type Client, connect } from "./client.ts";
import type { Connection } from "./connection.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";

/** What belongs to a database and goes with no copy and no dump of it. */
export interface Likeness {
  /** Undefined: whoever makes the copy. */
  readonly owner: string | undefined;
  /** Privileges on the database itself. */
  readonly grants: readonly { readonly privilege: string; readonly role: string }[];
  /** What ALTER DATABASE and ALTER ROLE have set for who connects there; a later one counts. */
  readonly settings: readonly Setting[];
  /** How many connections there may be at once; -1 or undefined: as many as come. */
  readonly limit?: number | undefined;
  readonly comment?: string | undefined;
}

interface Setting {
  readonly name: string;
  readonly value: string;
  /** Whose alone, in that database; undefined: everybody's. */
  readonly role?: string | undefined;
}

const OWNER = `SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()`;

const GRANTS = `SELECT a.privilege_type AS privilege, pg_get_userbyid(a.grantee) AS role
FROM pg_database AS d CROSS JOIN LATERAL aclexplode(d.datacl) AS a
WHERE d.datname = current_database() AND a.grantee <> 0`;

const SETTINGS = `SELECT split_part(one, '=', 1) AS name, substr(one, position('=' in one) + 1) AS value
FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS one
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
ORDER BY s.setrole <> 0, s.setdatabase <> 0`;

/** Of the database alone, each with its role: what the server or a role has everywhere is not the database's. */
const OWN_SETTINGS = `SELECT split_part(one, '=', 1) AS name, substr(one, position('=' in one) + 1) AS value,
  CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END AS role
FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS one
WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY s.setrole, 1`;

const OWN = `SELECT datconnlimit AS limit, shobj_description(oid, 'pg_database') AS comment
FROM pg_database WHERE datname = current_database()`;

async function readAs(client: Client, settingsSql: string): Promise<Likeness> {
  const [[owner = {}] = [], grants, settings] = await Promise.all(
    [OWNER, GRANTS, settingsSql].map(async (sql) => await client.query(sql)),
  );
  return {
    owner: String(owner.owner),
    grants: (grants ?? []).map(({ privilege, role }) => ({ privilege: String(privilege), role: String(role) })),
    settings: (settings ?? []).map(({ name, value, role = null }) => ({
      ...{ name: String(name), value: String(value) },
      ...(role === null ? {} : { role: String(role) }),
    })),
  };
}

/** Reads it of the database that `client` is in, as its login role finds it. */
export const readLikeness = async (client: Client): Promise<Likeness> => await readAs(client, SETTINGS);

/** Reads what is the database's own, so that it can be made anew for everybody. */
export async function readOwnLikeness(client: Client): Promise<Likeness> {
  const [row = {}] = await client.query(OWN);
  const comment = row.comment === null ? {} : { comment: String(row.comment) };
  return { ...(await readAs(client, OWN_SETTINGS)), limit: Number(row.limit), ...comment };
}

/** As it would be sent in a session whose role it changes, nothing could be altered any more. */
const OF_THE_SESSION = ["role", "session_authorization"];

/** A list as search_path is stored as the session reads it, which is not how SQL writes it. Both run in one transaction. */
function settingSql(database: string, { name, value, role }: Setting): string {
  const quoted = name.split(".").map(quoteIdentifier).join(".");
  const whose = role === undefined ? `DATABASE ${database}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`;
  const alter = `ALTER ${whose} SET ${quoted}`;
  if (OF_THE_SESSION.includes(name)) return `${alter} = ${quoteLiteral(value)}`;
  return `SELECT set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true); ${alter} FROM CURRENT`;
}

/** Privileges that a database has. Other words, in a record that somebody has written, are no SQL of ours. */
export const DATABASE_PRIVILEGES = ["CREATE", "CONNECT", "TEMPORARY"];

const statementsOf = (database: string, { owner, grants, settings, limit, comment }: Likeness): string[] => [
  ...grants
    .filter(({ privilege }) => DATABASE_PRIVILEGES.includes(privilege))
    .map(({ privilege, role }) => `GRANT ${privilege} ON DATABASE ${database} TO ${quoteIdentifier(role)}`),
  ...settings.map((one) => settingSql(database, one)),
  ...(limit === undefined || limit === -1 ? [] : [`ALTER DATABASE ${database} CONNECTION LIMIT ${Number(limit)}`]),
  ...(comment === undefined ? [] : [`COMMENT ON DATABASE ${database} IS ${quoteLiteral(comment)}`]),
  ...(owner === undefined ? [] : [`ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(owner)}`]),
];

/** Gives the database `name`, on the server of `connection`, that likeness; tells what it may not have, a line each. */
export async function liken(connection: Connection, name: string, likeness: Likeness): Promise<string[]> {
  const statements = statementsOf(quoteIdentifier(name), likeness);
  if (statements.length === 0) return [];
  const client = await connect(connection, { applicationName: "headgate:throwaway", timeoutMs: 10_000 });
  try {
    const refused: string[] = [];
    for (const sql of statements)
      await client.query(sql).catch((error: unknown) => {
        refused.push(`${sql.split("; ").at(-1)}: ${reasonOf(error)}`);
      });
    return refused;
  } finally {
    await client.close();
  }
}
