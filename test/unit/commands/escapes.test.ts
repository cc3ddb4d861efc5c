import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder } from "../../support/headgate.ts";

const AGENT = join(import.meta.dirname, "../../../agent/main.ts");
/** Clears the screen of a terminal that gets it as it is. */
const CLEAR = "\u001b[2J";
let files: ReturnType<typeof folder>;

beforeAll(() => {
  files = folder({
    "risky/001_type.sql": `ALTER TABLE "a${CLEAR}" ALTER COLUMN "b${CLEAR}" TYPE int;\n`,
    "unread/001_unread.sql": `-- headgate: allow HG807 reason="r${CLEAR}"\nCREATE TABLE "c${CLEAR}" NONSENSE;\n`,
    "bad/001_bad.sql": `CREATE TABEL "d${CLEAR}";\n`,
  });
});
afterAll(() => files.remove());

describe("what stands in a file plays no tricks with a terminal", () => {
  it.each([
    "plan --dir risky",
    "plan --dir risky --format markdown",
    "plan --dir unread",
    "plan --dir unread --format markdown",
    "plan --dir bad",
    "lint risky unread",
    "lint risky unread --format markdown",
    "lint risky unread --format sarif",
    "lint bad",
    "compile --dir bad",
  ])("headgate %s", (line) => {
    const { stdout, stderr } = spawnSync(process.execPath, [AGENT, ...line.split(" ")], {
      cwd: files.path,
      env: { PATH: process.env.PATH },
      encoding: "utf8",
    });
    expect(stdout + stderr).toContain("2J");
    expect(stdout + stderr).not.toContain("\u001b");
  });
});
