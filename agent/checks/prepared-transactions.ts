import type { Check } from "./check.ts";

const SQL = `SELECT gid, owner, extract(epoch FROM clock_timestamp() - prepared)::int AS seconds
FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 5`;

/** Transactions that were prepared and never ended: they hold their locks without a session that could be ended. */
export const preparedTransactions: Check = {
  name: "prepared-transactions",
  when: "EXISTS (SELECT FROM pg_prepared_xact())",
  async run({ session }) {
    const rows = await session.query(SQL);
    if (rows.length === 0) return undefined;
    const list = rows.map(({ gid, owner, seconds }) => `${gid} of ${owner}, for ${seconds} s`).join("; ");
    return {
      severity: "warning",
      what: `prepared transactions hold their locks until somebody ends them: ${list}`,
      fix: "ask whoever prepared it, then COMMIT PREPARED or ROLLBACK PREPARED with its name",
    };
  },
};
