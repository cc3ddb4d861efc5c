import type { Client } from "../postgres/client.ts";
import type { Names } from "./schema.ts";

/**
 * Where a run wanted to go back to when it was refused; `to` is null for before the first migration. It holds until a later
 * run has ended well: one that was stopped, killed or refused itself changes nothing about it.
 */
export async function lastRefusal(client: Client, names: Names): Promise<{ readonly to: string | null } | undefined> {
  const [row] = await client.query(
    `SELECT to_name FROM ${names.run} r WHERE target = ${names.target} AND report #>> '{error,id}' = 'rollback-refused'
 AND NOT EXISTS (SELECT FROM ${names.run} l WHERE l.target = r.target AND l.id > r.id AND l.outcome = 'done') ORDER BY id DESC LIMIT 1`,
  );
  if (row === undefined) return undefined;
  return { to: row.to_name === null ? null : String(row.to_name) };
}
