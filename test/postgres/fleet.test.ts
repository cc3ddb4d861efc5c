import { spawnSync } from "node:child_process";
import { beforeEach, describe, expect, it } from "vitest";
import type { Report } from "../../agent/report/report.ts";
import { useOrdersScene } from "./orders-scene.ts";
import { backendRunning, eventually } from "./scene.ts";

const { scene, forget } = useOrdersScene();
const SCHEMAS = ["north", "south", "west"];
const fleetOf = (fleet: object, more: object = {}) => scene.values({ fleet, ...more });

/** The migrations of each schema, by its name. */
async function applied(): Promise<Record<string, unknown>> {
  const rows = await scene.database.sql(
    "SELECT target, json_agg(name ORDER BY sequence) AS names FROM headgate.history GROUP BY target",
  );
  return Object.fromEntries(rows.map(({ target, names }) => [String(target).replace("default/", ""), names]));
}

const columns = async (schema: string) =>
  (
    await scene.database.sql(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = '${schema}.orders'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    )
  ).map(({ name }) => name);

const ALL = ["001_orders", "002_total", "003_rename"];

beforeEach(async () => {
  for (const schema of SCHEMAS) await scene.database.sql(`CREATE SCHEMA ${schema}`);
  fleetOf({ schemas: SCHEMAS });
});

describe("a fleet of schemas", () => {
  it("is migrated schema by schema, each with a history and a pgmigrations of its own, and nothing elsewhere", async () => {
    const first = await scene.run("migrate");
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining("south:   applied 003_rename") });
    expect(await applied()).toEqual({ north: ALL, south: ALL, west: ALL });
    const tables = await scene.database.sql(
      "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE tablename IN ('orders', 'pgmigrations') ORDER BY 1",
    );
    expect(tables.map(({ name }) => name)).toEqual(SCHEMAS.flatMap((one) => [`${one}.orders`, `${one}.pgmigrations`]));
    expect(await scene.run("migrate")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("3 schemas, nothing to do"),
    });
    const runs = await scene.database.sql("SELECT target, outcome FROM headgate.run ORDER BY id");
    expect(runs.map(({ target, outcome }) => `${target} ${outcome}`)).toEqual([
      ...["default", ...SCHEMAS.map((one) => `default/${one}`), "default"].map((target) => `${target} done`),
    ]);
    expect(await scene.json("status")).toMatchObject({ schemas: SCHEMAS.map((schema) => ({ schema, pending: [] })) });
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
  });

  it("tells what other hands and the run itself have changed, and in which schema", async () => {
    await scene.run("migrate");
    await scene.database.sql("ALTER TABLE south.orders ADD by_hand int");
    scene.files.write({ "004_more.sql": "CREATE TABLE more (id int);" });
    const { drift, schema = [] }: Partial<Report> = await scene.json("migrate");
    expect(drift).toMatchObject([{ object: expect.stringMatching(/^south: .*by_hand/), kind: "added" }]);
    expect(schema.map(({ object, kind }) => `${object} ${kind}`)).toEqual(
      SCHEMAS.map((one) => `${one}: table ${one}.more added`),
    );
  });

  it("is named by a query, and a schema that comes later gets all of it", async () => {
    await scene.database.sql("CREATE TABLE public.customers (schema_name text, since int)");
    await scene.database.sql("INSERT INTO public.customers VALUES ('south', 2), ('north', 1)");
    fleetOf({ query: "SELECT schema_name FROM public.customers ORDER BY since" });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ north: ALL, south: ALL });
    await scene.database.sql("INSERT INTO public.customers VALUES ('west', 3)");
    expect(await scene.run("status", "--exit-code")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("1 of 3"),
    });
    const second = await scene.json("migrate");
    expect(second).toMatchObject({ fleet: { listed: 3, unchanged: 2, done: ["west"], failed: [], notReached: [] } });
    expect(second.applied).toMatchObject(ALL.map((name) => ({ name: `west/${name}` })));
  });

  it("may have names with every odd character", async () => {
    const odd = `Nord "West"; it's /a %s $$ é`;
    await scene.database.sql(`CREATE SCHEMA "${odd.replaceAll('"', '""')}"`);
    fleetOf({ query: "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'Nord%'" });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ [odd]: ALL });
    expect(await scene.run("migrate")).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") });
    forget("003_rename.sql");
    expect(await scene.run("revert", "--schema", odd, "--yes")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ [odd]: ALL.slice(0, 2) });
    // What a refusal prints is typed into a shell.
    await scene.database.sql(`UPDATE "${odd.replaceAll('"', '""')}".orders SET total = 1`);
    forget("002_total.sql");
    const { stderr } = await scene.run("revert", "--schema", odd, "--to", "001_orders", "--yes");
    const [, typed = ""] = /: headgate (revert .*--accept-data-loss --yes)$/m.exec(stderr) ?? [];
    const words = spawnSync("sh", ["-c", `printf '%s\\n' ${typed}`], { encoding: "utf8" })
      .stdout.trim()
      .split("\n");
    expect(await scene.run(...words)).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ [odd]: ["001_orders"] });
  });

  it.each([
    ["fails", "SELECT nothing FROM nowhere", 'relation "nowhere" does not exist'],
    ["names no schema", "SELECT 42", "gives 42, which names no schema"],
    ["names one with an escape sequence", "SELECT chr(27) || '[2Jnorth'", "which names no schema"],
    ["names one twice", "VALUES ('north'), ('north')", "names north twice"],
    ["writes", "CREATE TABLE t ()", "read-only transaction"],
  ])("is refused when its query %s", async (_what, query, said) => {
    fleetOf({ query });
    expect(await scene.run("migrate")).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
  });

  it("that node-pg-migrate has kept until now is adopted in each schema", async () => {
    for (const schema of SCHEMAS) {
      await scene.database.sql(`SET search_path = ${schema}; CREATE TABLE orders (id bigint PRIMARY KEY, note text);
        CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);
        INSERT INTO pgmigrations (name, run_on) VALUES ('001_orders', now()); RESET search_path`);
    }
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ north: ALL, south: ALL, west: ALL });
  });

  it("changes nothing in any schema when one of them cannot be migrated", async () => {
    await scene.database.sql("DROP SCHEMA west");
    const refused = await scene.run("migrate");
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("in 1 of 3 schemas: west: 1 of") });
    expect(refused.stderr).toContain('CREATE SCHEMA "west"');
    expect(await applied()).toEqual({});
  });
});

describe("a migration that fails in one schema", () => {
  beforeEach(async () => {
    await scene.database.sql("CREATE TABLE south.orders (other int)");
  });

  it("ends the run: what came before stands, what comes after is not begun, and the next run goes on", async () => {
    const failed = await scene.run("migrate", "--json");
    expect(failed).toMatchObject({ code: 6, stderr: expect.stringContaining("in 1 of 3 schemas: south: ") });
    expect(JSON.parse(failed.stdout)).toMatchObject({
      outcome: "failed",
      fleet: {
        done: ["north"],
        failed: [{ schema: "south", error: "migration-failed", exitCode: 6 }],
        notReached: ["west"],
      },
    });
    expect(await applied()).toEqual({ north: ALL });
    await scene.database.sql("DROP TABLE south.orders");
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ north: ALL, south: ALL, west: ALL });
  });

  it("leaves the others alone with fleet.onFailure: continue, and fails the run all the same", async () => {
    fleetOf({ schemas: SCHEMAS, onFailure: "continue" });
    expect(await scene.run("migrate")).toMatchObject({ code: 6 });
    expect(await applied()).toEqual({ north: ALL, west: ALL });
    expect(await scene.run("migrate", "--schema", "sout")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("did you mean south?"),
    });
    expect(await scene.run("repair")).toMatchObject({ code: 1, stderr: expect.stringContaining("--schema") });
    expect(await scene.run("baseline", "--to", "001_orders", "--schema", "south", "--yes")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ north: ALL, south: ["001_orders"], west: ALL });
  });
});

describe("a fleet that goes back", () => {
  const back = { rollback: { onAhead: "auto", delay: "0s" } };

  it("goes back in every schema, as far as it has to", async () => {
    await scene.run("migrate");
    forget("003_rename.sql", "002_total.sql");
    fleetOf({ schemas: SCHEMAS }, back);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual(Object.fromEntries(SCHEMAS.map((one) => [one, ALL.slice(0, 2)])));
    expect(await scene.run("revert", "--to", "001_orders", "--yes")).toMatchObject({ code: 0 });
    expect(await columns("west")).toEqual(["id", "note"]);
  });

  it("that would lose data in one schema goes back in none, and in all when that is accepted", async () => {
    await scene.run("migrate");
    await scene.database.sql("UPDATE west.orders SET total = 5 WHERE id = 1");
    forget("003_rename.sql", "002_total.sql");
    fleetOf({ schemas: SCHEMAS }, { rollback: { onAhead: "revert", delay: "0s" } });
    const refused = await scene.run("migrate");
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("002_total: taking it back would lose 1 value"),
    });
    expect(await applied()).toEqual({ north: ALL, south: ALL, west: ALL });
    expect(refused.stderr).toContain("headgate revert --schema west --to 001_orders --accept-data-loss --yes");
    expect(refused.stderr).toContain("headgate revert -f values.yaml --refused --accept-data-loss --yes");
    expect(await scene.run("revert", "--refused", "--accept-data-loss", "--yes")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual(Object.fromEntries(SCHEMAS.map((one) => [one, ["001_orders"]])));
    expect(await scene.run("migrate")).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") });
  });
});

describe("two runs of a fleet", () => {
  it("that start at once both end well, with everything applied once", async () => {
    const runs = await Promise.all([scene.run("migrate"), scene.run("migrate")]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(await applied()).toEqual({ north: ALL, south: ALL, west: ALL });
  });
});

describe("a run of a fleet that is cut off in the second schema", () => {
  beforeEach(async () => {
    scene.files.write({ "004_slow.sql": "SELECT CASE current_schema() WHEN 'south' THEN pg_sleep(2) END;\n" });
  });
  const WITH_SLOW = [...ALL, "004_slow"];
  /** The backend that is in the second schema. */
  const worker = async () => {
    await eventually(async () => expect(await applied()).toMatchObject({ north: WITH_SLOW }));
    return await backendRunning(scene.database, "pg_sleep(2)");
  };

  it("by SIGKILL is gone on with by the next", async () => {
    const running = scene.start("migrate");
    await worker();
    running.process.kill("SIGKILL");
    await running.result;
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await applied()).toEqual({ north: WITH_SLOW, south: WITH_SLOW, west: WITH_SLOW });
  });

  it("by the loss of the session that holds the fleet's lock goes on by itself", async () => {
    const running = scene.start("migrate");
    const ended = await scene.database.sql(
      `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'headgate:%' AND pid <> ${await worker()}`,
    );
    expect(ended).toHaveLength(1);
    expect(await running.result).toMatchObject({ code: 0, stderr: expect.stringContaining("connecting again") });
    expect(await applied()).toEqual({ north: WITH_SLOW, south: WITH_SLOW, west: WITH_SLOW });
  });
});

describe("the expectations of a fleet", () => {
  it("are tested in every schema", async () => {
    fleetOf({ schemas: SCHEMAS }, { smoke: { columns: ["orders.remark"] } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0, stderr: expect.stringContaining("met in 3 schemas") });
    await scene.database.sql("ALTER TABLE south.orders DROP COLUMN remark");
    expect(await scene.run("smoke")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("south: column orders.remark is not there"),
    });
  });
});

it("a fleet refuses settings that contradict it", async () => {
  fleetOf({ schemas: SCHEMAS, query: "SELECT 1" }, { history: { pgmigrations: { schema: "public" } } });
  const { code, stderr } = await scene.run("migrate");
  expect(code).toBe(1);
  expect(stderr).toContain("drop one");
  expect(stderr).toContain("drop history.pgmigrations.schema");
});
