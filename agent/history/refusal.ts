import type { Client } from "../postgres/client.ts";
import type { Names } from "./schema.ts";

/** Where the last run wanted to go back to, when it was refused; `to` is null for before the first migration. */
export async function lastRefusal(client: Client, names: Names): Promise<{ readonly to: string | null } | undefined> {
  // A later run that was stopped or refused itself changes nothing about it.
  const [row] = await client.query(
    `SELECT to_name, report #>> '{error,id}' AS error FROM ${names.run} WHERE target = ${names.target} ORDER BY id DESC LIMIT 1`,
  );
  if (row?.error !== "rollback-refused") return undefined;
  return { to: row.to_name === null ? null : String(row.to_name) };
}
