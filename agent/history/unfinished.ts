import type { Client } from "../postgres/client.ts";
import type { Names } from "./schema.ts";

/** A migration that stopped part-way. */
export interface Unfinished {
  readonly name: string;
  readonly state: "running" | "reverting" | "needs-attention";
  /** Number of statements that are known to be done. */
  readonly step: number;
  /** The SQL it was running: up, or down when it was being taken back. */
  readonly sql: string;
}

export async function readUnfinished(client: Client, names: Names): Promise<Unfinished[]> {
  const rows = await client.query(
    `SELECT name, state, step, CASE state WHEN 'reverting' THEN down_sql ELSE up_sql END AS sql FROM ${names.history}
 WHERE target = ${names.target} AND state <> 'applied' ORDER BY sequence`,
  );
  return rows.map((row) => ({
    name: String(row.name),
    state: row.state as Unfinished["state"],
    step: Number(row.step),
    sql: String(row.sql ?? ""),
  }));
}
