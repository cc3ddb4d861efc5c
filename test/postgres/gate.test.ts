import { beforeEach, describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

/** A risk of high at a table that has been here before: every write waits while the index is built. */
const INDEX = "CREATE INDEX orders_by_note ON orders (note);\n";
const ACCEPTED = `-- headgate: allow HG101 reason="nobody is awake at three"\n${INDEX}`;

const scene = useScene({
  "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n",
});

const indexes = async () =>
  (await scene.database.sql("SELECT indexname FROM pg_indexes WHERE tablename = 'orders'")).map((row) => row.indexname);

async function lastRisks(): Promise<unknown[]> {
  const [row] = await scene.database.sql("SELECT report->'risks' AS risks FROM headgate.run ORDER BY id DESC LIMIT 1");
  return row?.risks;
}

/** A release of its own for what is there, so that the next one changes what others use. */
beforeEach(async () => {
  scene.values({ plan: { refuse: "high" } });
  expect(await scene.run("migrate")).toMatchObject({ code: 0 });
});

describe.each([{ how: "from files" }, { how: "as compiled into an image" }])("a risky migration, $how", ({ how }) => {
  const write = async (files: Readonly<Record<string, string>>) => {
    scene.files.write(files);
    if (how === "from files") return;
    expect(await scene.run("compile")).toMatchObject({ code: 0 });
  };

  it("stops the run before anything changes, and says what to write instead", async () => {
    await write({ "002_index.sql": INDEX, "003_more.sql": "CREATE TABLE more (id bigint PRIMARY KEY);\n" });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain("002_index.sql:1 HG101 high: every write to orders waits until the index orders_by_note");
    expect(stderr).toContain("CREATE INDEX CONCURRENTLY orders_by_note ON orders (note)");
    expect(stderr).toContain('-- headgate: allow HG101 reason="..."');
    expect(stderr).toContain("nothing was changed");
    expect(await indexes()).toEqual(["orders_pkey"]);
    expect(await scene.run("plan")).toMatchObject({ code: 3 });
  });

  it("runs when its file accepts it, and the report keeps who accepted what, and why", async () => {
    await write({ "002_index.sql": ACCEPTED });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("accepted: HG101 in 002_index");
    expect(await lastRisks()).toMatchObject([
      { migration: "002_index", rule: "HG101", risk: "high", accepted: "nobody is awake at three" },
    ]);
  });

  it("runs when the release accepts the rule", async () => {
    await write({ "002_index.sql": INDEX });
    scene.values({ plan: { refuse: "high", allow: ["HG101"] } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await lastRisks()).toMatchObject([{ rule: "HG101", accepted: "plan.allow" }]);
  });

  it("runs when the bar is lowered, and the log and the report say so", async () => {
    await write({ "002_index.sql": INDEX });
    scene.values({ plan: { refuse: "never" } });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("plan.refuse is never: HG101 in 002_index let through");
    const [risk] = await lastRisks();
    expect(risk).toMatchObject({ rule: "HG101" });
    expect(risk).not.toHaveProperty("accepted");
  });

  it("on a table that statistics call small is of medium risk, which stops only who asks for that", async () => {
    await scene.database.sql("INSERT INTO orders SELECT g, 'n' FROM generate_series(1, 200) AS g; ANALYZE orders");
    await write({ "002_index.sql": INDEX });
    scene.values({ plan: { refuse: "medium" } });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("HG101 medium") });
    scene.values({ plan: { refuse: "high" } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("is none on a table that the same release makes", async () => {
    await write({
      "002_more.sql": "CREATE TABLE more (id bigint PRIMARY KEY, note text);\n",
      "003_index.sql": "CREATE INDEX more_by_note ON more (note);\n",
    });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await lastRisks()).toEqual([]);
  });
});

it("a new type that the catalog knows to write no row is no finding, and one that writes them is", async () => {
  scene.files.write({ "002_columns.sql": "ALTER TABLE orders ADD COLUMN code varchar(10), ADD COLUMN size int;\n" });
  expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  scene.files.write({ "003_code.sql": "ALTER TABLE orders ALTER COLUMN code TYPE varchar(20);\n" });
  expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  for (const type of ["bigint", "numeric(12, 2)"]) {
    scene.files.write({ "004_size.sql": `ALTER TABLE orders ALTER COLUMN size TYPE ${type};\n` });
    expect(await scene.run("migrate")).toMatchObject({ code: 3, stderr: expect.stringContaining("HG206 high") });
  }
  // Of low risk as far as the file tells, which is all that compile knows.
  expect(await scene.run("compile")).toMatchObject({ code: 0 });
  expect(await scene.run("migrate")).toMatchObject({ code: 3, stderr: expect.stringContaining("HG206 high") });
});

it("SQL that the parser does not know runs when its file says that the server takes it, and counts as unknown", async () => {
  const strange = "CREATE TABLE more (id bigint) NOT A CLAUSE;\n";
  scene.files.write({ "002_strange.sql": strange });
  expect(await scene.run("plan")).toMatchObject({ code: 1, stderr: expect.stringContaining("allow HG807") });
  scene.files.write({ "002_strange.sql": `-- headgate: allow HG807 reason="a fork takes it"\n${strange}` });
  expect(await scene.run("plan")).toMatchObject({ code: 0, stdout: expect.stringContaining("HG807") });
  expect(await scene.run("compile")).toMatchObject({ code: 0 });
  // This server does not take it either, and says so in its own words.
  expect(await scene.run("migrate")).toMatchObject({ code: 6, stderr: expect.stringContaining("syntax error") });
});

describe("what a release makes itself", () => {
  const made =
    "CREATE TABLE IF NOT EXISTS more (id bigint PRIMARY KEY, note text);\nCREATE INDEX more_by_note ON more (note);\n";

  it("IF NOT EXISTS counts as made where it was not there, and not where it was", async () => {
    scene.files.write({ "002_more.sql": made });
    expect(await scene.run("plan")).toMatchObject({ code: 0 });
    await scene.database.sql("CREATE TABLE more (id bigint PRIMARY KEY, note text)");
    expect(await scene.run("plan")).toMatchObject({ code: 3, stderr: expect.stringContaining("HG101") });
    expect(await scene.run("compile")).toMatchObject({ code: 0 });
    expect(await scene.run("migrate")).toMatchObject({ code: 3, stderr: expect.stringContaining("HG101") });
  });

  it("is the same thing with its schema and without, until a file changes search_path", async () => {
    scene.files.write({
      "002_more.sql":
        "SELECT set_config('search_path', '', false);\nCREATE TABLE public.more (id bigint PRIMARY KEY, note text);\n",
      "003_index.sql": "CREATE INDEX more_by_note ON more (note);\n",
      "004_index.sql": "SET search_path = other;\nCREATE INDEX more_by_id ON more (id, note);\n",
    });
    const { code, stderr } = await scene.run("plan");
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("a finding in 004_index.sql") });
  });
});
