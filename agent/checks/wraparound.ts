import type { Check } from "./check.ts";

/** PostgreSQL takes no more writes when this many transactions are left of 2^31; the same for row lock groups. */
const STOPS_AT = 2 ** 31 - 3_000_000;

/**
 * From the age on at which VACUUM itself drops everything else to be done in time. Of all databases: the server stops
 * as a whole.
 */
const SQL = `SELECT d.datname AS database, a.what, a.age
FROM pg_database d, LATERAL (VALUES
 ('transactions', age(d.datfrozenxid)::int8, coalesce(current_setting('vacuum_failsafe_age', true)::int8, 1600000000),
  current_setting('autovacuum_freeze_max_age')::int8),
 ('multixacts', mxid_age(d.datminmxid)::int8, coalesce(current_setting('vacuum_multixact_failsafe_age', true)::int8, 1600000000),
  current_setting('autovacuum_multixact_freeze_max_age')::int8)) AS a (what, age, failsafe, forced)
WHERE a.age > greatest(a.failsafe, a.forced * 1.05) ORDER BY a.age DESC LIMIT 1`;

/** Transaction numbers that run out: a migration may be the last thing that the server does, or the first that it refuses. */
export const wraparound: Check = {
  name: "wraparound",
  when: `EXISTS (SELECT FROM pg_database WHERE age(datfrozenxid) > current_setting('autovacuum_freeze_max_age')::int8
 OR mxid_age(datminmxid) > current_setting('autovacuum_multixact_freeze_max_age')::int8)`,
  async run({ session }) {
    const [row] = await session.query(SQL);
    if (row === undefined) return undefined;
    const [age, left] = [Number(row.age), Math.max(0, STOPS_AT - Number(row.age))].map((n) =>
      n.toLocaleString("en-US"),
    );
    return {
      severity: "warning",
      what: `VACUUM does not keep up: the oldest rows of the database ${row.database} are ${age} ${row.what} old, and after ${left} more the server takes no writes`,
      fix: "end what holds VACUUM back (old or prepared transactions, replication slots that nobody reads); then in that database, as a superuser: VACUUM",
    };
  },
};
