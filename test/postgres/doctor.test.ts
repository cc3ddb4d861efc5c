import { describe, expect, it } from "vitest";
import { loginSql } from "../support/database.ts";
import { useScene } from "./scene.ts";

const scene = useScene({ "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" });

describe("doctor", () => {
  it("runs every check, changes nothing, and finds nothing on a fresh database", async () => {
    const { code, stdout } = await scene.run("doctor");
    expect({ code, stdout }).toMatchObject({ code: 0 });
    const later = ["replication-lag", "lock-table-size", "wraparound"];
    for (const name of ["server-version", "privileges", "connections", "long-transactions", "leftovers", ...later])
      expect(stdout).toMatch(new RegExp(`^ok +${name}$`, "m"));
    expect(await scene.database.sql("SELECT to_regnamespace('headgate') IS NULL AS untouched")).toEqual([
      { untouched: true },
    ]);
  });

  it("fails with what would stop a run, and with it how to mend it", async () => {
    await scene.database.sql(`ALTER DATABASE ${scene.database.name} SET default_transaction_read_only = on`);
    const { code, stdout, stderr } = await scene.run("doctor");
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("writable") });
    expect(stdout).toMatch(/^fails +writable: .*default_transaction_read_only is on$/m);
    expect(stdout).toContain("fix: ");
  });

  it("stops a run before its files are judged, though they are looked at while the checks run", async () => {
    scene.files.write({ "nonsense.sql": "SELECT 1;\n" });
    const role = `${scene.database.name}_poor`;
    await scene.database.sql(`CREATE ROLE ${role} ${loginSql()}`);
    const poor = await scene.runAs(scene.database.urlAs(role), "migrate");
    await scene.database.sql(`DROP ROLE ${role}`);
    expect(poor).toMatchObject({ code: 3, stderr: expect.stringContaining("privileges: the role") });
    expect(poor.stderr).not.toContain("nonsense.sql");
    expect(await scene.run("migrate")).toMatchObject({ code: 1, stderr: expect.stringContaining("nonsense.sql") });
  });

  it("warns of what a run would have to wait for, and a run warns of it too and goes on", async () => {
    const dump = await scene.database.connect();
    await dump.query("SET application_name = 'pg_dump'; BEGIN; SELECT 1");
    const { code, stdout } = await scene.run("doctor");
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^warning +long-transactions: .*pid \d+ \(pg_dump, .*a dump$/m);
    expect(await scene.run("migrate")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("long-transactions: open transactions"),
    });
    await dump.end();
    expect((await scene.json("doctor")).checks).toContainEqual({
      name: "long-transactions",
      verdict: "ok",
      what: null,
      fix: null,
    });
  });

  it("warns of a role that has no second connection left", async () => {
    const role = `${scene.database.name}_tight`;
    await scene.database.sql(`CREATE ROLE ${role} ${loginSql()} CONNECTION LIMIT 1`);
    const { stdout } = await scene.runAs(scene.database.urlAs(role), "doctor");
    await scene.database.sql(`DROP ROLE ${role}`);
    expect(stdout).toMatch(/^warning +connections: the role may open 1 of its 1 connections/m);
  });
});

describe("doctor tells what a kill has left behind", () => {
  it("half-built copies of an index", async () => {
    await scene.database.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE INDEX t_a ON t (a)");
    await scene.database.sql("CREATE INDEX t_a_ccnew ON t (a)");
    // As a REINDEX CONCURRENTLY leaves it that was killed.
    await scene.database.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a_ccnew'::regclass");
    const { stdout } = await scene.run("doctor");
    expect(stdout).toContain("DROP INDEX CONCURRENTLY t_a_ccnew;");
    expect(stdout).toMatch(/^warning +leftovers: /m);
  });

  it("a transaction that was prepared and forgotten", async () => {
    await scene.database.sql("BEGIN; CREATE TABLE p (a int); PREPARE TRANSACTION 'forgotten'");
    const { stdout } = await scene.run("doctor");
    await scene.database.sql("ROLLBACK PREPARED 'forgotten'");
    expect(stdout).toMatch(/^warning +prepared-transactions: .*forgotten/m);
  });
});
