import { connect } from "../postgres/client.ts";
import type { Connection } from "../postgres/connection.ts";
import type { BackupContext } from "./context.ts";

interface Compared {
  readonly connection: Connection;
  /** What was replaced, under its name of now. */
  readonly before: string;
  readonly after: string;
  /** Of the backup. */
  readonly target: string;
}

async function appliedIn(connection: Connection, { names }: BackupContext, target: string): Promise<string[]> {
  const client = await connect(connection, { applicationName: "headgate:restore", timeoutMs: 10_000 });
  try {
    const rows = await client.query(
      `SELECT target, name FROM ${names.history} WHERE state = 'applied' ORDER BY target, sequence`,
    );
    return rows.map(({ target: of, name }) => (of === target ? String(name) : `${of}: ${name}`));
  } finally {
    await client.close();
  }
}

/** Migrations that were applied in the database that was replaced, and are not in the restored one; none where nobody can tell. */
export async function unapplied(
  context: BackupContext,
  { connection, before, after, target }: Compared,
): Promise<readonly string[]> {
  try {
    const [was, is] = await Promise.all(
      [before, after].map(async (database) => await appliedIn({ ...connection, database }, context, target)),
    );
    const there = new Set(is);
    return (was ?? []).filter((name) => !there.has(name));
  } catch (error) {
    context.log.debug(`the histories before and after could not be compared: ${String(error)}`);
    return [];
  }
}
