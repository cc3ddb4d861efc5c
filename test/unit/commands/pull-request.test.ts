import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folder } from "../../support/headgate.ts";

const ROOT = join(import.meta.dirname, "../../..");
const EXAMPLE = join(ROOT, "examples/pull-request");

/** A Git repository of its own. */
let repository: ReturnType<typeof folder>;

function run(command: string, ...args: readonly string[]) {
  const env = {
    ...{
      PATH: process.env.PATH,
      HOME: repository.path,
      HEADGATE: `${process.execPath} ${join(ROOT, "agent/main.ts")}`,
    },
    ...{ GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" },
  };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: repository.path, env, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

const git = (...args: readonly string[]) => run("git", ...args);

function commit(files: Readonly<Record<string, string>>) {
  repository.write(files);
  git("add", "--all");
  return git("commit", "--message", "change");
}

const INDEX = { "migrations/002_index.sql": "CREATE INDEX orders_by_note ON orders (note);\n" };

beforeEach(() => {
  repository = folder({});
  git("init", "--initial-branch", "main");
  commit({ "migrations/001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n" });
});
afterEach(() => repository.remove());

describe("the pre-commit hook", () => {
  beforeEach(() => {
    mkdirSync(join(repository.path, ".git/hooks"), { recursive: true });
    cpSync(join(EXAMPLE, "pre-commit"), join(repository.path, ".git/hooks/pre-commit"));
  });

  it("refuses what would hurt, says what to write instead, and lets it through when it is accepted", () => {
    const refused = commit(INDEX);
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain("migrations/002_index.sql:1: HG101 high");
    const accepted = `-- headgate: allow HG101 reason="nobody is awake"\n${INDEX["migrations/002_index.sql"]}`;
    expect(commit({ "migrations/002_index.sql": accepted }).output).toContain("1 file changed");
  });

  it("takes what a commit adds as one set, and asks nothing where no migration changes", () => {
    const both = commit({
      "migrations/002_more.sql": "CREATE TABLE more (id bigint PRIMARY KEY);\n",
      "migrations/003_more.sql": "CREATE INDEX more_id ON more (id);\n",
    });
    expect(both.output).toContain("2 files changed");
    expect(commit({ "README.md": "orders\n" }).output).not.toContain("finding");
  });
});

describe("the review of a branch", () => {
  const review = () => ({ ...run("sh", join(EXAMPLE, "review.sh"), "main"), comment: read() });
  const read = () => readFileSync(join(repository.path, "comment.md"), "utf8");

  it("holds the findings and the plan of what the branch adds, and ends with 3 where somebody has to act", () => {
    git("switch", "--create", "branch");
    commit(INDEX);
    const { status, comment } = review();
    expect(status).toBe(3);
    expect(comment).toMatch(/^<!-- headgate -->\n/);
    expect(comment).toContain("HG101 high");
    expect(comment).toContain("SHARE on orders");
    expect(comment).not.toContain("001");
  });

  it("of one that touches no migration says so", () => {
    git("switch", "--create", "branch");
    commit({ "README.md": "orders\n" });
    expect(review()).toMatchObject({ status: 0, comment: expect.stringContaining("no migration is added or changed") });
  });
});
