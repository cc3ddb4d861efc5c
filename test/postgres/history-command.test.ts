import { userInfo } from "node:os";
import { expect, it } from "vitest";
import { useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql": "CREATE TABLE orders (id int);",
  "002_total.sql":
    "-- Up Migration\nALTER TABLE orders ADD total numeric;\n-- Down Migration\nALTER TABLE orders DROP total;",
});

it("lists runs, the newest first: who, when, outcome, what changed", async () => {
  expect(await scene.run("history")).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringContaining("nothing is recorded"),
  });
  await scene.run("migrate");
  scene.files.write({ "003_bad.sql": "SELECT 1/0;" });
  await scene.run("migrate");
  scene.remove("003_bad.sql");
  await scene.run("revert", "--steps", "1", "--yes", "--accept-data-loss");
  const { stdout, stderr } = await scene.run("history");
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^RUN +STARTED +COMMAND +BY +OUTCOME +CHANGED +TOOK$/);
  expect(lines[1]).toMatch(/^3 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +revert +desk, \S+ +done +1 taken back +\d/);
  expect(lines[1]).toContain(`desk, ${userInfo().username} `);
  expect(lines[2]).toMatch(/^2 .* migrate .* failed \(6\) +nothing/);
  expect(lines[3]).toMatch(/^1 .* migrate .* done +2 applied/);
  expect(stderr).toContain("next: headgate report RUN");

  const runs = async (...args: readonly string[]) =>
    ((await scene.json("history", ...args)).runs as { id: string }[]).map(({ id }) => id);
  expect(await runs("--failed")).toEqual(["2"]);
  expect(await runs("--limit", "2")).toEqual(["3", "2"]);
  await scene.database.sql("UPDATE headgate.run SET started_at = started_at - interval '3 days' WHERE id = 1");
  expect(await runs("--since", "1d")).toEqual(["3", "2"]);
  expect(await runs("--since", "2020-01-01")).toEqual(["3", "2", "1"]);
  await scene.database.sql("UPDATE headgate.run SET release = 'shop', revision = 4 WHERE id = 2");
  expect(await runs("--release", "shop")).toEqual(["2"]);
  expect((await scene.run("history", "--release", "shop")).stdout).toContain("shop:4");
  expect((await scene.run("history", "--limit", "1")).stderr).toContain("there are older ones: --limit 5");
});

it("lists migrations, those that were taken back too, each with its runs", async () => {
  await scene.run("migrate");
  await scene.run("revert", "--steps", "1", "--yes", "--accept-data-loss");
  await scene.run("migrate");
  const { migrations } = await scene.json("history", "--migrations");
  expect(migrations).toMatchObject([
    {
      name: "002_total",
      state: "applied",
      run: "3",
      takenBackBy: null,
      locks: [{ table: "orders", lock: "ACCESS EXCLUSIVE" }],
    },
    { name: "002_total", state: "taken back", run: "1", takenBackBy: "2", takenBackAt: expect.stringMatching(/Z$/) },
    { name: "001_orders", state: "applied", run: "1" },
  ]);
  const { stdout } = await scene.run("history", "--name", "002_total");
  expect(stdout.trimEnd().split("\n")).toHaveLength(3);
  expect(stdout).toMatch(/002_total +taken back .* UTC +1 .* UTC, run 2/);
});

it("refuses what it does not understand, with how to write it", async () => {
  for (const [args, said] of [
    [["--limit", "all"], "--limit takes a whole number"],
    [["--since", "yesterday"], "--since takes 7d, 12h, or a date"],
    [["--since", "2026-13-45"], "--since takes 7d, 12h, or a date"],
  ] as const)
    expect(await scene.run("history", ...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
});

it("takes a time before all times for the beginning", async () => {
  expect((await scene.run("migrate")).code).toBe(0);
  for (const since of ["999999d", "0000-01-01"])
    expect(await scene.json("history", "--since", since)).toMatchObject({ runs: [{ command: "migrate" }] });
});

it("of a fleet lists its own runs, and of one schema that one's; the report names what failed where", async () => {
  await scene.database.sql("CREATE SCHEMA west; CREATE SCHEMA east; CREATE TABLE east.orders (id int)");
  scene.values({ fleet: { schemas: ["west", "east"] } });
  expect((await scene.run("migrate")).code).toBe(6);
  expect((await scene.json("history")).runs).toMatchObject([{ target: "default", outcome: "failed", applied: 2 }]);
  expect((await scene.json("history", "--schema", "west")).runs).toMatchObject([
    { target: "default/west", applied: 2 },
  ]);
  expect((await scene.json("history", "--schema", "west", "--migrations")).migrations).toHaveLength(2);
  expect(await scene.run("history", "--migrations")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("--schema"),
  });
  const { stdout: page } = await scene.run("report", "--format", "html");
  for (const said of ["Schemas of the fleet", "east", "west/001_orders", "--schema NAME"]) expect(page).toContain(said);
  const { stdout: member } = await scene.run("report", "--schema", "west", "--format", "html");
  expect(member).toContain("ALTER TABLE orders ADD total numeric;");
});
