import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { quoteLiteral } from "../../agent/postgres/quote.ts";
import { storedJson } from "../../agent/report/run-row.ts";
import { whole } from "../unit/report/whole.ts";
import { elements } from "./junit.ts";
import { eventually, useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql": "CREATE TABLE orders (id int PRIMARY KEY);",
  "002_total.sql":
    "-- Up Migration\nALTER TABLE orders ADD total numeric;\n-- Down Migration\nALTER TABLE orders DROP total;",
});

const FORMATS = ["text", "html", "markdown", "junit", "json"] as const;
type Format = (typeof FORMATS)[number];
const told = async (...args: readonly string[]): Promise<Record<Format, string>> => {
  const all = await Promise.all(
    FORMATS.map(async (format) => [format, await scene.run("report", ...args, "--format", format)] as const),
  );
  for (const [format, { code, stderr }] of all)
    expect({ format, code, stderr }).toEqual({ format, code: 0, stderr: "" });
  return Object.fromEntries(all.map(([format, { stdout }]) => [format, stdout])) as Record<Format, string>;
};

/** Every format is one, and says all of these. */
async function expectTold(saying: readonly string[], ...args: readonly string[]) {
  const all = await told(...args);
  const plain = {
    ...all,
    html: unescaped(all.html),
    markdown: unescaped(all.markdown),
    junit: elements(all.junit)
      .flatMap(({ attributes }) => Object.values(attributes))
      .join("\n"),
  };
  for (const format of ["text", "html", "markdown"] as const)
    for (const one of saying)
      expect({ format, text: plain[format] }).toMatchObject({ text: expect.stringContaining(one) });
  return {
    ...all,
    cases: elements(all.junit).filter(({ name }) => name === "testcase").length,
    failures: elements(all.junit).filter(({ name }) => name === "failure"),
    data: JSON.parse(all.json),
  };
}

const unescaped = (text: string): string =>
  text
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

describe("a run is told from the database alone, in every format", () => {
  it("that applied: with its SQL and locks", async () => {
    await scene.run("migrate");
    const { html, data, failures, cases } = await expectTold([
      "2 migrations applied",
      "001_orders",
      "002_total",
      "ACCESS EXCLUSIVE",
    ]);
    expect(html).toContain("ALTER TABLE orders ADD total numeric;");
    expect(failures).toEqual([]);
    expect(cases).toBe(10);
    expect(data).toMatchObject({
      run: { run: "1", command: "migrate", outcome: "done", exitCode: 0, target: "default" },
      report: { format: 1, applied: [{ name: "001_orders" }, { name: "002_total" }] },
      migrations: [
        { name: "001_orders", direction: "up", sql: expect.stringContaining("CREATE TABLE orders"), phase: "expand" },
        { name: "002_total", locks: [{ table: "orders", lock: "ACCESS EXCLUSIVE" }] },
      ],
    });
  });

  it("that failed: what happened, what stands, what to do", async () => {
    scene.files.write({ "003_bad.sql": "ALTER TABLE orders DROP COLUMN nobody;", "004_later.sql": "SELECT 1;" });
    expect((await scene.run("migrate")).code).toBe(6);
    const { failures, data } = await expectTold([
      "at 003_bad",
      'column "nobody" of relation "orders" does not exist',
      "004_later",
      "001_orders",
    ]);
    expect(failures.map(({ attributes }) => attributes.message)).toEqual([expect.stringContaining('column "nobody"')]);
    expect(data.run).toMatchObject({ outcome: "failed", exitCode: 6 });
  });

  it("that went back: with the SQL that took it back, and the run before says so", async () => {
    await scene.run("migrate");
    await scene.run("revert", "--steps", "1", "--yes", "--accept-data-loss");
    const { html, data } = await expectTold(["1 migration taken back", "002_total"]);
    expect(html).toContain("ALTER TABLE orders DROP total;");
    expect(html).not.toContain("ADD total");
    expect(data.migrations).toMatchObject([{ name: "002_total", direction: "down" }]);
    const { html: before } = await expectTold(["2 migrations applied", "taken back since, by run 2"], "1");
    expect(before).toContain("ALTER TABLE orders ADD total numeric;");
  });

  it("whose expectations were not met", async () => {
    scene.values({ smoke: { tables: ["invoices"] } });
    expect((await scene.run("migrate")).code).toBe(3);
    const { failures } = await expectTold(["Migrate failed in smoke", "2 migrations applied", "invoices"]);
    expect(failures.length).toBeGreaterThanOrEqual(1);
  });

  it("that was stopped", async () => {
    scene.files.write({ "003_slow.sql": "SELECT pg_sleep(60);" });
    const run = scene.start("migrate");
    await eventually(() => expect(run.stderr()).toContain("applied 002_total"));
    run.process.kill("SIGTERM");
    expect((await run.result).code).toBe(143);
    const { data } = await expectTold(["Migrate was stopped at 003_slow", "2 migrations applied"]);
    expect(data.run).toMatchObject({ outcome: "stopped", exitCode: 143 });
  });

  it("that was killed: what it committed is shown, and that it never ended", async () => {
    scene.files.write({ "003_slow.sql": "SELECT pg_sleep(60);" });
    const run = scene.start("migrate");
    await eventually(() => expect(run.stderr()).toContain("applied 002_total"));
    await eventually(async () => expect((await scene.run("report")).stdout).toContain("this run is under way"));
    run.process.kill("SIGKILL");
    await run.result;
    await scene.database.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()",
    );
    await eventually(async () => expect((await scene.run("report")).stdout).toContain("this run never told its end"));
    const { data, failures, html } = await expectTold([
      "Migrate has not ended",
      "2 migrations applied",
      "it was killed",
    ]);
    expect(data).toMatchObject({
      run: { outcome: "running" },
      report: null,
      migrations: [{ name: "001_orders" }, { name: "002_total" }],
    });
    expect(failures).toHaveLength(1);
    expect(html).toContain("CREATE TABLE orders");
  });

  it("whose report is not kept any more: what is left is shown, and that it is not all", async () => {
    await scene.run("migrate");
    await scene.database.sql("UPDATE headgate.run SET report = NULL");
    const { data, html } = await expectTold(["is not kept any more", "2 migrations applied", "001_orders"]);
    expect(data).toMatchObject({ run: { outcome: "done", exitCode: 0 }, report: null });
    expect(html).toContain("ALTER TABLE orders ADD total numeric;");
    const { stdout } = await scene.run("report", "--format", "prometheus");
    for (const line of [/_run_failed\{.*\} 0$/m, /_applied_migrations\{.*\} 2$/m, /_run_timestamp_\w+\{.*\} 1\d{9}/m])
      expect(stdout).toMatch(line);
  });

  it("of more migrations than anybody wants to see the SQL of, and without its report", async () => {
    scene.files.write(
      Object.fromEntries(Array.from({ length: 320 }, (_, at) => [`${1000 + at}_many.sql`, `SELECT ${at} AS many;`])),
    );
    await scene.run("migrate");
    await scene.database.sql("UPDATE headgate.run SET report = NULL");
    const { stdout } = await scene.run("report", "--format", "html");
    expect(stdout).toContain("322 migrations applied");
    expect(stdout.match(/SELECT \d+ AS many/g)).toHaveLength(298);
    expect(stdout.match(/Its SQL is in the history/g)).toHaveLength(22);
  });

  it("that an older agent wrote, or that somebody has edited", async () => {
    await scene.run("migrate");
    for (const report of [
      { format: 1, command: "migrate", outcome: "done", applied: [{ name: "001_orders", durationMs: 3 }] },
      {
        format: 1,
        applied: "all",
        stages: [7, { name: 5 }],
        error: [],
        release: null,
        fleet: {},
        risks: {},
        schema: "x",
      },
      ["no report"],
      "text",
      {},
    ]) {
      await scene.database.sql(`UPDATE headgate.run SET report = '${JSON.stringify(report)}'`);
      for (const format of ["text", "html"]) {
        const { code, stdout } = await scene.run("report", "--format", format);
        expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("001_orders") });
      }
      expect((await scene.run("history")).code).toBe(0);
    }
  });

  it("whose tables are those of the first version", async () => {
    await scene.run("migrate");
    await scene.database.sql(
      "ALTER TABLE headgate.run DROP COLUMN from_name, DROP COLUMN to_name, DROP COLUMN actor, DROP COLUMN backend_pid; DROP TABLE headgate.reverted",
    );
    await expectTold(["2 migrations applied"]);
    expect((await scene.json("history")).runs).toMatchObject([{ id: "1", applied: 2, actor: null }]);
    expect((await scene.json("history", "--migrations")).migrations).toHaveLength(2);
  });
});

describe("headgate report", () => {
  it("without a run, or of one that is not there, says so", async () => {
    expect(await scene.run("report")).toMatchObject({ code: 1, stderr: expect.stringContaining("no run is recorded") });
    await scene.run("migrate");
    expect(await scene.run("report", "99")).toMatchObject({ code: 1, stderr: expect.stringContaining("no run 99") });
    expect(await scene.run("report", "1;DROP")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not "1;DROP"'),
    });
  });

  it("writes a file as its ending says, whole or not at all, and names it", async () => {
    await scene.run("migrate");
    const path = join(scene.files.path, "out", "deep", "run.html");
    const { code, stdout, stderr } = await scene.run("report", "--output", path);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: `run 1 is in ${path}\n` });
    expect(readFileSync(path, "utf8")).toMatch(/^<!DOCTYPE html>/);
    expect(await scene.run("report", "--output", "run.pdf")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("run.pdf"),
    });
  });

  it("works for a role that may only read, and names the grant where it may not", async () => {
    await scene.run("migrate");
    const role = `r_${scene.database.name}`;
    await scene.database.sql(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA headgate TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA headgate TO ${role}`,
    );
    const url = new URL(scene.database.url);
    Object.assign(url, { username: role, password: "x" });
    expect(await scene.runAs(url.href, "report")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("2 migrations applied"),
    });
    await scene.database.sql(`REVOKE SELECT ON headgate.run FROM ${role}`);
    expect(await scene.runAs(url.href, "history")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("GRANT SELECT"),
    });
    await scene.database.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it("shows no password that a migration sets in plain text", async () => {
    scene.files.write({
      "003_role.sql": `DO $$ BEGIN IF false THEN CREATE ROLE x PASSWORD 'gate-canary'; END IF; END $$;`,
    });
    await scene.run("migrate");
    for (const text of Object.values(await told())) expect(text).not.toContain("gate-canary");
  });
});

describe("at the end of a run", () => {
  it("--report writes it, with SQL and locks, and says where", async () => {
    const path = join(scene.files.path, "report.html");
    const { code, stderr } = await scene.run("migrate", "--report", path);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(`report: ${path}`) });
    const page = readFileSync(path, "utf8");
    for (const said of [
      "2 migrations applied",
      "ALTER TABLE orders ADD total numeric;",
      "ACCESS EXCLUSIVE",
      "headgate report 1 --format html",
    ])
      expect(page).toContain(said);
  });

  it("report.files writes each as its ending says, also of a run that was refused before it had a row", async () => {
    const [page, junit, notes] = ["out/r.html", "out/r.xml", "out/r.md"].map((name) =>
      join(scene.files.path, name),
    ) as [string, string, string];
    scene.values({ report: { files: [page, junit, notes] }, plan: { refuse: "never", expected: "0".repeat(64) } });
    expect((await scene.run("migrate")).code).toBe(3);
    expect(readFileSync(page, "utf8")).toContain("Migrate failed in plan");
    expect(elements(readFileSync(junit, "utf8")).map(({ name }) => name)).toContain("failure");
    expect(readFileSync(notes, "utf8")).toContain("## Headgate: Migrate failed in plan");
  });

  it("a file that cannot be written costs a warning and nothing else; a bad ending stops before anything is done", async () => {
    scene.values({ report: { files: [join(scene.files.path, "001_orders.sql", "r.html")] } });
    expect(await scene.run("migrate")).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/the report did not reach files: .*001_orders/),
    });
    scene.values({});
    expect(await scene.run("migrate", "--report", "r.pdf")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("let it end with .txt, .html"),
    });
    expect(existsSync("r.pdf")).toBe(false);
  });

  it("what jsonb does not take does not keep a run from ending", async () => {
    const odd = `a\u0000b \ud800 c \\u0000 "'`;
    const json = storedJson(whole({ command: odd }));
    const [row] = await scene.database.sql(`SELECT ${quoteLiteral(json)}::jsonb ->> 'command' AS command`);
    expect(row).toEqual({ command: `a\uFFFDb \uFFFD c \\u0000 "'` });
  });
});

describe("reports that are old", () => {
  const RUNS = "SELECT id::int, outcome, report IS NOT NULL AS reported FROM headgate.run ORDER BY id";
  const age = async () =>
    await scene.database.sql(
      "UPDATE headgate.run SET started_at = started_at - interval '91 days', ended_at = ended_at - interval '91 days'",
    );

  it("are dropped by a run that changes something, their rows and the history stay", async () => {
    await scene.run("migrate");
    await age();
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.database.sql(RUNS)).toMatchObject([{ reported: true }, { reported: true }]);
    scene.files.write({ "003_more.sql": "SELECT 1;" });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.database.sql(RUNS)).toEqual([
      { id: 1, outcome: "done", reported: false },
      { id: 2, outcome: "done", reported: true },
      { id: 3, outcome: "done", reported: true },
    ]);
    expect(await scene.database.sql("SELECT name FROM headgate.history WHERE run = 1")).toHaveLength(2);
    expect((await scene.run("report", "1")).stdout).toContain("001_orders");
  });

  it("are kept as long as the values say: history.reports.keep", async () => {
    scene.values({ history: { reports: { keep: "" } } });
    await scene.run("migrate");
    await age();
    scene.files.write({ "003_more.sql": "SELECT 1;" });
    await scene.run("migrate");
    expect(await scene.database.sql(RUNS)).toMatchObject([{ reported: true }, { reported: true }]);
    scene.values({ history: { reports: { keep: "120d" } } });
    scene.files.write({ "004_more.sql": "SELECT 1;" });
    await scene.run("migrate");
    expect(await scene.database.sql(RUNS)).toMatchObject([{ reported: true }, { reported: true }, { reported: true }]);
    scene.values({ history: { reports: { keep: "48h" } } });
    scene.files.write({ "005_more.sql": "SELECT 1;" });
    await scene.run("migrate");
    expect(await scene.database.sql(RUNS)).toMatchObject([
      { reported: false },
      { reported: true },
      { reported: true },
      { reported: true },
    ]);
    scene.values({ history: { reports: { keep: "90s" } } });
    expect(await scene.run("migrate")).toMatchObject({ code: 1, stderr: expect.stringContaining("keep") });
  });
});
