import { describe, expect, it } from "vitest";
import { files, found } from "./cases.ts";
import { findingsOf, NO_TRANSACTION } from "./findings.ts";

/** What the findings of a rule say, one text each. */
const said = (set: string, rule: string): readonly string[] =>
  found(set, rule).map(({ danger, instead }) => `${danger}; ${instead}`);

describe("each of several in one statement has its own finding", () => {
  it.each([
    ["HG110", "CREATE TABLE t (a int REFERENCES r, b int REFERENCES r)", ["t_a_idx", "t_b_idx"]],
    ["HG110", "ALTER TABLE t ADD a int REFERENCES r, ADD b int REFERENCES s", ["t_a_idx", "t_b_idx"]],
    ["HG205", "ALTER TABLE t ADD a int UNIQUE CHECK (a > 0), ADD b int UNIQUE", ["t_a_key", "t_a_check", "t_b_key"]],
    ["HG209", "ALTER TABLE t ALTER a SET NOT NULL, ALTER b SET NOT NULL", ["CHECK (a", "CHECK (b"]],
    ["HG310", "ALTER TABLE t ALTER a SET NOT NULL, ALTER b SET NOT NULL, ADD UNIQUE (c)", ["a IS", "b IS", "BY c"]],
  ])("%s of %s", (rule, sql, parts) => {
    const texts = said(sql, rule);
    expect(texts).toHaveLength(parts.length);
    for (const [at, part] of parts.entries()) expect(texts[at]).toContain(part);
  });
});

describe("advice that works when it is followed", () => {
  const drop = "ALTER TABLE s DROP CONSTRAINT s_pkey, ADD CONSTRAINT s_pkey PRIMARY KEY USING INDEX s_new_pkey";
  it.each([
    // The old key still has its name.
    ["HG303", "ALTER TABLE s DROP CONSTRAINT s_pkey, ADD CONSTRAINT s_pkey PRIMARY KEY (id, project_id)", drop],
    ["HG303", "ALTER TABLE s DROP CONSTRAINT s_pkey; ALTER TABLE s ADD PRIMARY KEY (id)", drop],
    ["HG303", "ALTER TABLE s DROP CONSTRAINT old, ADD CONSTRAINT k UNIQUE (a)", "CONCURRENTLY k ON s (a)"],
    ["HG205", "ALTER TABLE s DROP CONSTRAINT s_pkey, ADD COLUMN id int PRIMARY KEY", drop],
    ["HG205", "ALTER TABLE s DROP CONSTRAINT s_pkey; ALTER TABLE s ADD id int PRIMARY KEY", "CONCURRENTLY s_new_pkey"],
    // The new table has the name of the view.
    [
      "HG403",
      "ALTER TABLE jobs RENAME TO jobs_legacy; CREATE TABLE jobs (id int PRIMARY KEY)",
      "another table under it",
    ],
    // Nothing checks in between.
    [
      "HG309",
      "ALTER TABLE t DROP CONSTRAINT t_a_fkey; ALTER TABLE u ADD x int; ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES r",
      "ALTER TABLE t VALIDATE CONSTRAINT t_a_new_fkey; then, in a file of its own: ALTER TABLE t DROP CONSTRAINT t_a_fkey",
    ],
    ["HG102", "DROP INDEX i; CREATE UNIQUE INDEX i ON t (a)", "CONCURRENTLY i_new ON t"],
    [
      "HG101",
      "DROP INDEX i; CREATE UNIQUE INDEX i ON t (a)",
      "DROP INDEX CONCURRENTLY i; ALTER INDEX i_new RENAME TO i",
    ],
    ["HG101", 'DROP INDEX IF EXISTS s."I x"; CREATE INDEX "I x" ON s.t (a)', 'ALTER INDEX s."I x_new" RENAME TO "I x"'],
    // PostgreSQL 18 gives its own constraint the name t_a_not_null.
    ["HG209", "ALTER TABLE t ALTER a SET NOT NULL", "ADD CONSTRAINT t_a_filled CHECK"],
  ])("%s of %s", (rule, sql, part) => expect(said(sql, rule)[0]).toContain(part));

  it("is not told where it does not fit", () => {
    const rename = "ALTER TABLE jobs RENAME TO jobs_legacy; CREATE TABLE jobs (id int PRIMARY KEY)";
    expect(said(rename, "HG403")[0]).not.toContain("CREATE VIEW");
    const replaced = "ALTER TABLE s DROP CONSTRAINT s_pkey, ADD CONSTRAINT s_pkey PRIMARY KEY (id)";
    expect(said(replaced, "HG303")[0]).not.toContain("CONCURRENTLY s_pkey");
    const own = "ALTER TABLE tok ADD a int DEFAULT 1 REFERENCES tok";
    expect(said(own, "HG205")[0]).not.toContain("nor write");
  });
});

describe("settled by the rest of the set", () => {
  it("HG408: a key that a later file brings", () => {
    const table = "CREATE TABLE a (x int NOT NULL)";
    expect(found(files(table, "ALTER TABLE a ADD UNIQUE (x)"), "HG408")).toEqual([]);
    expect(found(files(table, `${NO_TRANSACTION}CREATE UNIQUE INDEX CONCURRENTLY i ON a (x)`), "HG408")).toEqual([]);
    for (const other of ["(x) WHERE x > 0", "((x + 1))"])
      expect(found(files(table, `CREATE UNIQUE INDEX i ON a ${other}`), "HG408")).toHaveLength(1);
    expect(found(files(table, "CREATE INDEX i ON a (x)"), "HG408")).toHaveLength(1);
  });

  it("HG409: a trigger that goes with its table", () => {
    const rules = (sql: string) => findingsOf([sql]).map(({ rule }) => rule);
    expect(rules("DROP TRIGGER t ON a; DROP TABLE a")).not.toContain("HG409");
    expect(rules("DROP TRIGGER t ON a; DROP TABLE b")).toContain("HG409");
  });
});
