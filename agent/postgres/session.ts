import { HeadgateError } from "../errors/headgate-error.ts";
import type { Settings } from "../settings/settings.ts";
import { type Client, type ConnectOptions, connect } from "./client.ts";
import type { Connection } from "./connection.ts";
import { quoteIdentifier } from "./quote.ts";
import { isState, SQLSTATE } from "./sqlstate.ts";

/** What the server says of itself, read once per connection. */
export interface ServerFacts {
  /** server_version_num, e.g. 180004. */
  readonly version: number;
  readonly versionText: string;
  readonly database: string;
  readonly role: string;
  readonly encoding: string;
  readonly pid: number;
  readonly inRecovery: boolean;
  readonly readOnly: boolean;
  /** False when a pooler stands between. */
  readonly direct: boolean;
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

/**
 * Worth having and not worth failing for: poolers refuse the first, and the last came with PostgreSQL 17. Asked for in a
 * way that leaves no error in the log of a server that does not know one.
 */
const BEST_EFFORT = `SELECT set_config(v.name, v.value, false) FROM (VALUES ('client_connection_check_interval', '2s'),
 ('idle_session_timeout', '0'), ('transaction_timeout', '0')) AS v (name, value)
WHERE current_setting(v.name, true) IS NOT NULL`;

const FACTS = `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_text,
  current_database() AS database, current_user::text AS role, current_setting('server_encoding') AS encoding,
  pg_backend_pid() AS pid, pg_is_in_recovery() AS in_recovery,
  current_setting('transaction_read_only')::bool AS read_only`;

const setRole = (role: string): string => (role === "" ? "RESET ROLE" : `SET ROLE ${quoteIdentifier(role)}`);

const setSearchPath = (path: readonly string[]): string =>
  path.length === 0 ? "RESET search_path" : `SET search_path = ${path.map(quoteIdentifier).join(", ")}`;

/** Our own values, whatever the role or the database has as its default. */
const TIMEOUTS = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0";

const restoreSql = ({ role, searchPath }: Settings["database"]): string =>
  `RESET SESSION AUTHORIZATION; ${setRole(role)}; ${setSearchPath(searchPath)}`;

function roleRefused(role: string, connection: Connection, cause: unknown): HeadgateError {
  return new HeadgateError("wrong-credentials", {
    what: `"${connection.user}" may not SET ROLE "${role}" (database.role): ${cause instanceof Error ? cause.message : cause}`,
    ...(isState(cause, "22023")
      ? { fix: `there is no such role: CREATE ROLE ${quoteIdentifier(role)}, or correct database.role` }
      : {
          fix: `as an administrator: GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(connection.user)}; or correct database.role`,
        }),
    cause,
  });
}

/** Connects and prepares the session in one more round trip. Rejects with the driver's error or `wrong-credentials`. */
export async function openSession(connection: Connection, options: SessionOptions): Promise<Session> {
  const client = await connect(connection, options);
  const restore = restoreSql(options.database);
  try {
    const [facts] = await Promise.all([
      client.query(FACTS),
      client.query(TIMEOUTS),
      client.query(restore).catch((error: unknown) => {
        if (isState(error, SQLSTATE.insufficientPrivilege, "22023")) {
          throw roleRefused(options.database.role, connection, error);
        }
        throw error;
      }),
      client.query(BEST_EFFORT).catch(() => []),
    ]);
    return {
      ...client,
      connection,
      restore,
      facts: readFacts(facts, client, options.database.role),
      reset: () => resetSession(client, restore),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

function readFacts(rows: Awaited<ReturnType<Client["query"]>>, client: Client, role: string): ServerFacts {
  const row = rows[0] ?? {};
  return {
    version: Number(row.version),
    versionText: String(row.version_text),
    database: String(row.database),
    role: role === "" ? String(row.role) : role,
    encoding: String(row.encoding),
    pid: Number(row.pid),
    inRecovery: row.in_recovery === true,
    readOnly: row.read_only === true,
    direct: client.announcedPid === Number(row.pid),
  };
}

// Never DISCARD ALL: it drops the run's lock.
const RESET =
  "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP; DISCARD PLANS; DISCARD SEQUENCES; UNLISTEN *";

async function resetSession(client: Client, restore: string): Promise<void> {
  await Promise.all([
    client.query(RESET),
    client.query(TIMEOUTS),
    client.query(restore),
    client.query(BEST_EFFORT).catch(() => []),
  ]);
}
