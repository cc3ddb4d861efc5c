import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folder } from "../../support/headgate.ts";

const AGENT = join(import.meta.dirname, "../../../agent/main.ts");
let files: ReturnType<typeof folder>;

/** From the folder of the files, as a person at the desk would. */
function lint(args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [AGENT, "lint", ...args], {
    cwd: files.path,
    input,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

beforeEach(() => {
  files = folder({
    "m/001_orders.sql": "CREATE TABLE orders (id int PRIMARY KEY);\n",
    "m/002_build.sql":
      "-- Up Migration\nSELECT 1;\n  CREATE INDEX CONCURRENTLY a ON orders (id);\n-- Down Migration\nRESET ALL;\n",
    "pair/003_all.up.sql": "SELECT 1;\n",
    "pair/003_all.down.sql": "\nDISCARD ALL;\n",
  });
});
afterEach(() => files.remove());

describe("lint", () => {
  it("of a folder names file, line and caret, says what to write instead, and ends with 3", () => {
    const { status, stdout } = lint(["m"]);
    expect(status).toBe(3);
    expect(stdout).toContain("m/002_build.sql:3: HG104 high: PostgreSQL refuses this");
    expect(stdout).toContain("  3 |   CREATE INDEX CONCURRENTLY a ON orders (id);\n    |   ^\n  instead: put it");
    expect(stdout).toContain("m/002_build.sql:5: HG805 high: RESET ALL");
    expect(stdout).toContain("2 findings\n");
    expect(lint(["m", "--fail-on", "never"]).status).toBe(0);
  });

  it("of one file, of a pair by either half, and of a pipe", () => {
    expect(lint(["m/001_orders.sql"])).toMatchObject({ status: 0, stdout: "no finding\n" });
    for (const half of ["up", "down"])
      expect(lint([`pair/003_all.${half}.sql`]).stdout).toContain("pair/003_all.down.sql:2: HG805 high: DISCARD ALL");
    expect(lint(["-"], "SELECT 1;\nCOPY t FROM STDIN;\n").stdout).toContain("stdin:2: HG806 high");
    expect(lint(["m/009_none.sql"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("there is no such file"),
    });
  });

  it("for programs is JSON, SARIF or a table in markdown, in which no name does anything", () => {
    files.write({ "odd/004_odd.sql": "COPY \"a|b`<script>\" FROM STDIN;\nSELECT '\u001b[2J';\nRESET ALL;\n" });
    expect(JSON.parse(lint(["odd", "--json"]).stdout).findings).toMatchObject([
      { rule: "HG806", risk: "high", file: "odd/004_odd.sql", line: 1, accepted: null },
      { rule: "HG805", line: 3 },
    ]);
    const sarif = JSON.parse(lint(["odd", "--format", "sarif"]).stdout);
    expect(sarif).toMatchObject({ version: "2.1.0", runs: [{ results: [{ ruleId: "HG806", level: "error" }, {}] }] });
    expect(sarif.runs[0].results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: "odd/004_odd.sql" },
      region: { startLine: 1 },
    });
    files.write({ "drop/005_drop.sql": "DROP TABLE orders;\n", "values.yaml": "plan: { allow: [HG810] }\n" });
    const dropped = JSON.parse(lint(["drop", "-f", "values.yaml", "--format", "sarif"]).stdout);
    const suppressions = [{ kind: "external", justification: "plan.allow" }];
    expect(dropped.runs[0].results).toContainEqual(expect.objectContaining({ ruleId: "HG810", suppressions }));
    expect(lint(["odd", "--format", "markdown"]).stdout).toContain("| odd/004&#95;odd.sql:1 | HG806 high |");
    files.write({ "tricks/005_t.sql": "COPY t FROM STDIN; -- \u001b[2J\n" });
    expect(lint(["tricks"]).stdout).not.toContain("\u001b");
  });

  it("refuses a file that does not parse, with its line", () => {
    expect(lint(["-"], "SELECT 1;\nCREATE TABEL t ();\n")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("stdin.sql:2"),
    });
  });
});
