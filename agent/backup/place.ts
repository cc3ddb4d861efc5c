import type { Connection } from "../postgres/connection.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import { restoreFailed } from "./context.ts";
import { onServer } from "./restore-into.ts";

/** A database that stands under the name that a restored one is to have. */
export interface Place {
  /** New databases are made after it. */
  readonly template: boolean;
  readonly owner: string;
  /** The role may rename it. */
  readonly ours: boolean;
}

/** What has that name on the server; undefined where nothing does. It is asked from where it could be renamed, too. */
export async function placeOf(connection: Connection, name: string): Promise<Place | undefined> {
  const sql = `SELECT datistemplate AS template, pg_get_userbyid(datdba) AS owner, pg_has_role(session_user, datdba, 'USAGE') AS ours
FROM pg_database WHERE datname = ${quoteLiteral(name)}`;
  const [row] = await onServer(connection, async (client) => await client.query(sql), [name]);
  if (row === undefined) return undefined;
  return { template: row.template === true, owner: String(row.owner), ours: row.ours === true };
}

/** Refuses a database that could not make room at the end: only its owner may rename it. */
export function refuseAnothers(name: string, { owner, ours }: Place, { user }: Connection): void {
  if (ours) return;
  throw restoreFailed({
    what: `${name} cannot be replaced: it belongs to ${owner}, and ${user} may not rename it`,
    fix: `as an administrator: GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(user)}; or restore into a new database`,
    stands: "nothing was changed",
  });
}
