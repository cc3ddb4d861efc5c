import { HeadgateError } from "../errors/headgate-error.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Settings } from "../settings/settings.ts";
import { type Client, type ConnectOptions, connect, type Row } from "./client.ts";
import type { Connection } from "./connection.ts";
import { findPooler, oneByOne, type Pooler, withLocalSettings } from "./pooler.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";
import { isConnectionLoss, isState, SQLSTATE, sqlstateOf } from "./sqlstate.ts";

/** What the server says of itself, read once per connection. */
export interface ServerFacts {
  /** server_version_num, e.g. 180004. */
  readonly version: number;
  readonly versionText: string;
  readonly database: string;
  readonly role: string;
  readonly encoding: string;
  readonly pid: number;
  /** When the session was opened, by the server's clock. */
  readonly connectedAt: string;
  readonly inRecovery: boolean;
  readonly readOnly: boolean;
  /** Undefined on a direct connection. */
  readonly pooler: Pooler | undefined;
}

/** A connection with its role, search_path and time-outs set. */
export interface Session extends Client {
  readonly facts: ServerFacts;
  readonly connection: Connection;
  /** SQL that brings role and search_path back, cheap enough to be sent after every migration. */
  readonly restore: string;
  /** Brings everything back that a migration may have changed in the session; the run's lock stays. */
  reset(): Promise<void>;
}

export interface SessionOptions extends ConnectOptions {
  readonly database: Settings["database"];
}

/** Our own values, whatever the role or the database has as its default. */
const TIMEOUTS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"].map((name) => [
  name,
  "0",
]);

/** Worth having and not worth failing for: not every platform takes the first, and the last came with PostgreSQL 17. */
const BEST_EFFORT = [
  ["client_connection_check_interval", "2s"],
  ["idle_session_timeout", "0"],
  ["transaction_timeout", "0"],
];

const FACTS = `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_text,
  current_database() AS database, current_user::text AS role, current_setting('server_encoding') AS encoding,
  pg_backend_pid() AS pid, clock_timestamp()::text AS connected_at, pg_is_in_recovery() AS in_recovery,
  current_setting('transaction_read_only')::bool AS read_only`;

const setRole = (role: string): string => (role === "" ? "RESET ROLE" : `SET ROLE ${quoteIdentifier(role)}`);

const searchPathOf = (path: readonly string[]): string => path.map(quoteIdentifier).join(", ");

const setSearchPath = (path: readonly string[]): string =>
  path.length === 0 ? "RESET search_path" : `SET search_path = ${searchPathOf(path)}`;

/** SQL that brings a session to its role and search_path, or to those of another schema. */
export const placeIn = ({ role, searchPath }: Settings["database"]): string =>
  `RESET SESSION AUTHORIZATION; ${setRole(role)}; ${setSearchPath(searchPath)}`;

function roleRefused(role: string, connection: Connection, cause: unknown): HeadgateError {
  return new HeadgateError("wrong-credentials", {
    what: `"${connection.user}" may not SET ROLE "${role}" (database.role): ${reasonOf(cause)}`,
    ...(isState(cause, "22023")
      ? { fix: `there is no such role: CREATE ROLE ${quoteIdentifier(role)}, or correct database.role` }
      : {
          fix: `as an administrator: GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(connection.user)}; or correct database.role`,
        }),
    cause,
  });
}

/** Settings of the session, set on the backend `pid` and on no other: what a pooler shares is not ours to change. */
const settingsSql = (settings: readonly (readonly string[])[], pid: number): string =>
  `SELECT set_config(v.name, v.value, false) FROM (VALUES ${settings.map((pair) => `(${pair.map(quoteLiteral).join(", ")})`).join(", ")}) AS v (name, value)
WHERE pg_backend_pid() = ${pid} AND current_setting(v.name, true) IS NOT NULL`;

const settingsOf = ({ role, searchPath }: Settings["database"]): string[][] => [
  ...TIMEOUTS,
  ...(role === "" ? [] : [["role", role]]),
  ...(searchPath.length === 0 ? [] : [["search_path", searchPathOf(searchPath)]]),
];

/** One message: poolers want no second one before the first is answered. */
async function prepare(client: Client, { database }: SessionOptions, pid: number): Promise<readonly Row[]> {
  const settings = settingsOf(database);
  const send = async (all: readonly (readonly string[])[]) => await client.query(`${settingsSql(all, pid)}; ${FACTS}`);
  try {
    return await send([...settings, ...BEST_EFFORT]);
  } catch (error) {
    if (sqlstateOf(error) === undefined || isConnectionLoss(error)) throw error;
    return await send(settings);
  }
}

const isRoleRefusal = (error: unknown, { database }: SessionOptions): boolean =>
  database.role !== "" && isState(error, SQLSTATE.insufficientPrivilege, "22023");

/** Connects and prepares the session in one more round trip. Rejects with the driver's error or `wrong-credentials`. */
export async function openSession(connection: Connection, options: SessionOptions): Promise<Session> {
  const client = await connect(connection, options);
  try {
    const facts = readFacts(await prepare(client, options, client.announcedPid ?? 0), options.database.role);
    if (client.announcedPid === facts.pid) return sessionOn(client, facts, { connection, options });
    const pooler = await findPooler(client, connection, options);
    if (pooler.mode === "session") await prepare(client, options, facts.pid);
    return sessionOn(throughPooler(client, pooler, options), { ...facts, pooler }, { connection, options });
  } catch (error) {
    await client.close();
    throw isRoleRefusal(error, options) ? roleRefused(options.database.role, connection, error) : error;
  }
}

function throughPooler(client: Client, { mode }: Pooler, { database: { role, searchPath } }: SessionOptions): Client {
  if (mode === "session") return oneByOne(client);
  const local = [
    ...(role === "" ? [] : [`SET LOCAL ROLE ${quoteIdentifier(role)}`]),
    ...(searchPath.length === 0 ? [] : [`SET LOCAL search_path = ${searchPathOf(searchPath)}`]),
  ];
  return withLocalSettings(oneByOne(client), local.join("; "));
}

const sessionOn = (
  client: Client,
  facts: ServerFacts,
  { connection, options }: { readonly connection: Connection; readonly options: SessionOptions },
): Session => ({
  ...client,
  connection,
  restore: placeIn(options.database),
  facts,
  async reset() {
    await Promise.all([client.query(RESET), prepare(client, options, facts.pid)]);
  },
});

function readFacts(rows: readonly Row[], role: string): ServerFacts {
  const row = rows[0] ?? {};
  return {
    version: Number(row.version),
    versionText: String(row.version_text),
    database: String(row.database),
    role: role === "" ? String(row.role) : role,
    encoding: String(row.encoding),
    pid: Number(row.pid),
    connectedAt: String(row.connected_at),
    inRecovery: row.in_recovery === true,
    readOnly: row.read_only === true,
    pooler: undefined,
  };
}

// Never DISCARD ALL: it drops the run's lock.
const RESET =
  "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP; DISCARD PLANS; DISCARD SEQUENCES; UNLISTEN *";
