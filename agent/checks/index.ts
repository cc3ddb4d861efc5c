import type { Row } from "../postgres/client.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { backupTarget } from "./backup-target.ts";
import type { Check, CheckContext, Checked } from "./check.ts";
import { connections } from "./connections.ts";
import { encoding } from "./encoding.ts";
import { expectedDatabase } from "./expected-database.ts";
import { leftovers } from "./leftovers.ts";
import { lockTableSize } from "./lock-table-size.ts";
import { longTransactions } from "./long-transactions.ts";
import { pooler } from "./pooler.ts";
import { preparedTransactions } from "./prepared-transactions.ts";
import { privileges } from "./privileges.ts";
import { replicationLag } from "./replication-lag.ts";
import { serverVersion } from "./server-version.ts";
import { wraparound } from "./wraparound.ts";
import { writable } from "./writable.ts";

/** Every preflight check. A check that is not here does not run; a test compares this list with the folder. */
export const checks: readonly Check[] = [
  ...[serverVersion, writable, encoding, expectedDatabase, pooler, privileges],
  ...[connections, longTransactions, preparedTransactions, leftovers],
  ...[replicationLag, lockTableSize, wraparound, backupTarget],
];

/** What each `when` says, by the check's name. */
async function traces({ session }: CheckContext): Promise<Row> {
  const columns = checks.flatMap(({ name, when }) => (when === undefined ? [] : `${when} AS ${quoteIdentifier(name)}`));
  const [row = {}] = await session.query(`SELECT ${columns.join(",\n ")}`);
  return row;
}

/** All at once: their queries share one round trip, and those of them that have found a trace of something a second one. */
export async function runChecks(subject: CheckContext): Promise<Checked[]> {
  const found = traces(subject);
  return await Promise.all(
    checks.map(async ({ name, when, run }) => {
      const runs = when === undefined || (await found)[name] !== false;
      return { name, obstacle: runs ? await run(subject) : undefined };
    }),
  );
}
