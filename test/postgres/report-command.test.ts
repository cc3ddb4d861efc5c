import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { quoteLiteral } from "../../agent/postgres/quote.ts";
import { storedJson } from "../../agent/report/run-row.ts";
import { whole } from "../unit/report/whole.ts";
import { elements } from "./junit.ts";
import { useReports } from "./report-scene.ts";

const { scene, told } = useReports();

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
    const [path, junit] = [join(scene.files.path, "report.html"), join(scene.files.path, "report.xml")];
    const { code, stderr } = await scene.run("migrate", "--report", path, "--report", junit);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(`report: ${path}`) });
    expect(stderr).toContain(`report: ${junit}`);
    expect(elements(readFileSync(junit, "utf8")).map(({ name }) => name)).toContain("testcase");
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
      stderr: expect.stringMatching(/the report did not reach files: \S*001_orders\.sql\/r\.html: /),
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
