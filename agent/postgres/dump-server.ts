import { type Client, connect } from "./client.ts";
import type { Connection } from "./connection.ts";
import { isState, SQLSTATE } from "./sqlstate.ts";

/** What a server says of itself, whatever name it is reached by. */
export interface ServerIdentity {
  /** Undefined where the role may not ask. */
  readonly system: string | undefined;
  /** When it was started, in microseconds, and its port: a copy of its files has the same `system`. */
  readonly run: string;
  /** server_version. */
  readonly version: string;
}

const RUN = `SELECT extract(epoch FROM pg_postmaster_start_time())::text || ' ' || current_setting('port') AS run,
 current_setting('server_version') AS version`;
const SYSTEM = "SELECT system_identifier::text AS system FROM pg_control_system()";

async function systemOf(client: Client): Promise<string | undefined> {
  try {
    const [row = {}] = await client.query(SYSTEM);
    return String(row.system);
  } catch (error) {
    if (isState(error, SQLSTATE.insufficientPrivilege)) return undefined;
    throw error;
  }
}

export async function identityOf(client: Client): Promise<ServerIdentity> {
  const [row = {}] = await client.query(RUN);
  return { run: String(row.run), version: String(row.version), system: await systemOf(client) };
}

export async function identityAt(connection: Connection): Promise<ServerIdentity> {
  const client = await connect(connection, { applicationName: "headgate:throwaway", timeoutMs: 10_000 });
  try {
    return await identityOf(client);
  } finally {
    await client.close();
  }
}

export const isSameServer = (one: ServerIdentity, other: ServerIdentity): boolean =>
  one.run === other.run && (one.system === undefined || other.system === undefined || one.system === other.system);
