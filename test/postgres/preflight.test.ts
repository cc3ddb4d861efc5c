import { once } from "node:events";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../support/database.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { folder, headgate } from "../support/headgate.ts";
import { eventually } from "./scene.ts";

/** What these checks look at belongs to a server as a whole, so they get one of their own, with narrow limits. */
const SETTINGS = [
  ...[
    "fsync = off",
    "wal_level = logical",
    "min_wal_size = 32MB",
    "max_wal_size = 32MB",
    "max_slot_wal_keep_size = 64MB",
  ],
  ...["max_connections = 20", "max_locks_per_transaction = 10"],
  ...["autovacuum_freeze_max_age = 100000", "vacuum_failsafe_age = 0"],
];

let server: Server;
let database: Database;
const files = folder({ "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" });

beforeAll(async () => {
  server = await startServer({ settings: SETTINGS });
  database = await createDatabase(server.url());
});
afterAll(async () => {
  await server.remove();
  files.remove();
});

const doctor = async (role = "postgres"): Promise<string> => {
  return (await headgate(["doctor", "--dir", files.path], { DATABASE_URL: database.urlAs(role) })).stdout;
};

const writeWal = async (segments: number): Promise<void> => {
  for (let at = 0; at < segments; at += 1)
    await database.sql("SELECT pg_logical_emit_message(false, 'test', 'x'), pg_switch_wal()");
};

/** A connection that the server takes for a standby's. It says itself how far it is. */
async function standby(name: string): Promise<pg.Client> {
  const url = new URL(server.url());
  url.searchParams.set("application_name", name);
  url.searchParams.set("replication", "true");
  const client = new pg.Client({ connectionString: url.href });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** A standby's status update in a CopyData message: everything up to `lsn` is written, flushed and replayed. */
function statusAt(lsn: bigint): Buffer {
  const message = Buffer.alloc(39);
  message.write("d");
  message.writeInt32BE(38, 1);
  message.write("r", 5);
  for (const at of [6, 14, 22]) message.writeBigUInt64BE(lsn, at);
  return message;
}

describe("replication-lag", () => {
  it("is silent about slots that are read, and names one that keeps much WAL, with the way to be rid of it", async () => {
    await database.sql("SELECT pg_create_logical_replication_slot('left_behind', 'test_decoding')");
    expect(await doctor()).toMatch(/^ok +replication-lag$/m);
    await writeWal(3);
    const stdout = await doctor();
    expect(stdout).toMatch(
      /^warning +replication-lag: the logical slot left_behind keeps \d+ MiB of WAL, and nobody reads it; it is lost after \d+ MiB more\. /m,
    );
    const [drop = ""] = stdout.match(/SELECT pg_drop_replication_slot\([^;]*/) ?? [];
    await database.sql(drop);
    expect(await doctor()).toMatch(/^ok +replication-lag$/m);
  });

  it("names a slot that is lost", async () => {
    await database.sql("SELECT pg_create_physical_replication_slot('gone', true)");
    await writeWal(8);
    await database.sql("CHECKPOINT");
    expect(await doctor()).toMatch(/^warning +replication-lag: the physical slot gone is lost: /m);
    await database.sql("SELECT pg_drop_replication_slot('gone')");
  });

  it("says that it may not see how far a standby is, until the role may", async () => {
    const client = await standby("replica");
    await database.sql("CREATE ROLE plain LOGIN; GRANT CREATE ON DATABASE postgres TO plain");
    const stdout = await doctor("plain");
    expect(stdout).toMatch(
      /^unknown +replication-lag: 1 standby or subscriber is connected, and this role may not see/m,
    );
    const [grant = ""] = stdout.match(/GRANT pg_read_all_stats TO \S+/) ?? [];
    await database.sql(grant);
    expect(await doctor("plain")).toMatch(/^ok +replication-lag$/m);
    await client.end();
  });

  it("names a standby that is far behind, in a run too, which goes on", async () => {
    const [{ start = "" } = {}] = await database.sql<{ start: string }>("SELECT pg_current_wal_lsn()::text AS start");
    const client = await standby("replica_far");
    client.query(`START_REPLICATION PHYSICAL ${start}`).catch(() => {});
    await once(client.connection, "replicationStart");
    client.connection.stream.write(statusAt(0x1000000n));
    await writeWal(17);
    const warning = /the standby replica_far is \d{3} MiB( and \d+ s)? behind/;
    await eventually(async () => expect(await doctor()).toMatch(warning));
    const { code, stderr } = await headgate(["migrate", "--dir", files.path], { DATABASE_URL: database.url });
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(warning) });
    client.connection.stream.destroy();
  });
});

describe("lock-table-size", () => {
  it("names a table with more partitions than the lock table has room for, and the setting; a DROP does die of it", async () => {
    await database.sql("CREATE TABLE events (day int) PARTITION BY RANGE (day)");
    const partitions = (from: number, to: number) =>
      database.sql(
        `DO $$ BEGIN FOR day IN ${from}..${to} LOOP EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES FROM (%s) TO (%s)', day, day, day + 1); COMMIT; END LOOP; END $$`,
      );
    await partitions(1, 90);
    expect(await doctor()).toMatch(/^ok +lock-table-size$/m);
    await partitions(91, 600);
    expect(await doctor()).toMatch(
      /^warning +lock-table-size: a statement on all partitions of events takes 600 locks, .* room for about 200 .*\(max_locks_per_transaction is 10\)/m,
    );
    await expect(database.sql("DROP TABLE events")).rejects.toThrow("out of shared memory");
  });
});

describe("wraparound", () => {
  it("names the database whose transaction numbers run out", async () => {
    expect(await doctor()).toMatch(/^ok +wraparound$/m);
    const old = await database.connect();
    // Autovacuum would mend it while the test looks.
    await old.query("BEGIN; SELECT pg_current_xact_id()");
    await database.sql("CREATE TABLE burnt (a int)");
    await database.sql(
      "DO $$ BEGIN FOR i IN 1..106000 LOOP BEGIN INSERT INTO burnt VALUES (i); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$",
    );
    expect(await doctor()).toMatch(
      /^warning +wraparound: VACUUM does not keep up: the oldest rows of the database \w+ are 10\d,\d{3} transactions old, and after 2,144,\d{3},\d{3} more the server takes no writes$/m,
    );
    await old.query("ROLLBACK");
  });
});
