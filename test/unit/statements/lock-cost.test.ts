import { describe, expect, it } from "vitest";
import { trackMade } from "../../../agent/statements/made.ts";
import { useFacts } from "./facts.ts";

const { parse, factOf } = useFacts();

describe("a table is written anew", () => {
  it.each([
    "ALTER TABLE t ADD COLUMN c serial",
    "ALTER TABLE t ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a + 1) STORED",
    "ALTER TABLE t SET UNLOGGED",
    "ALTER TABLE t SET LOGGED",
    "TRUNCATE t",
    "CLUSTER t",
  ])("by %s", (sql) => expect(factOf(sql).rewrites).toBe(true));

  it.each([
    "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 1",
    "ALTER TABLE t ADD COLUMN c timestamptz DEFAULT now()",
    "ALTER TABLE t ADD COLUMN c text DEFAULT lower('X')",
    "ALTER TABLE t DROP COLUMN c",
    "ALTER TABLE t ALTER c SET NOT NULL",
  ])("not by %s", (sql) => expect(factOf(sql).rewrites).not.toBe(true));

  it.each(["clock_timestamp()", "gen_random_uuid()", "random()", "my_function()"])(
    "or nobody can say, by a default of %s",
    (call) => expect(factOf(`ALTER TABLE t ADD COLUMN c text DEFAULT ${call}`).rewrites).not.toBe(false),
  );

  it("or only the catalog knows, by a change of type", () => {
    expect(factOf("ALTER TABLE t ALTER c TYPE bigint").rewrites).toBeNull();
  });
});

describe("every row is read", () => {
  it.each<readonly [boolean | null, string]>([
    [true, "ALTER TABLE t ADD CHECK (c > 0)"],
    [true, "ALTER TABLE t VALIDATE CONSTRAINT k"],
    [true, "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES r"],
    [true, "ALTER TABLE t ADD UNIQUE (c)"],
    [true, "ALTER TABLE t ADD COLUMN c int UNIQUE"],
    [true, "ALTER TABLE t ADD COLUMN c serial"],
    [true, "CREATE INDEX CONCURRENTLY ON t (c)"],
    [true, "DELETE FROM t"],
    [null, "ALTER TABLE t ALTER c SET NOT NULL"],
    [null, "ALTER TABLE t ATTACH PARTITION p DEFAULT"],
    [null, "DELETE FROM t WHERE c = 1"],
    [false, "ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NOT VALID"],
    [false, "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES r NOT VALID"],
    [false, "ALTER TABLE t ADD UNIQUE USING INDEX i"],
    [false, "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 1"],
    [false, "CREATE INDEX ON ONLY t (c)"],
    [false, "ALTER TABLE t DROP COLUMN c"],
    [false, "INSERT INTO t VALUES (1)"],
  ])("%s: %s", (scans, sql) => expect(factOf(sql).scans).toBe(scans));

  it("but not for NOT NULL after a trusted CHECK of the same set", () => {
    const made = trackMade();
    const sql = "ALTER TABLE t ADD CONSTRAINT k CHECK (c IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k";
    for (const statement of parse(sql)) made.note(statement);
    expect(factOf("ALTER TABLE t ALTER c SET NOT NULL", { made }).scans).toBe(false);
  });
});
