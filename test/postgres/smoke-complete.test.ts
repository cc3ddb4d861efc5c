import { describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql": `CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(12,2), name varchar(20), tags text[], at timestamptz(3), state shop.state,
  CONSTRAINT positive CHECK (total >= 0));
ALTER TABLE orders ADD CONSTRAINT later CHECK (id > 0) NOT VALID;
CREATE TABLE shop."Odd" (id int);
INSERT INTO orders (id) VALUES (1), (2), (3);
CREATE FUNCTION total_of(x int) RETURNS int LANGUAGE sql AS 'SELECT x';
CREATE FUNCTION total_of(x int, y text) RETURNS int LANGUAGE sql AS 'SELECT x';
CREATE PROCEDURE shop.tidy() LANGUAGE sql AS 'SELECT 1';
`,
  "002_more.sql": "CREATE TABLE invoices (id int);\n",
});

const smoke = async (expectations: Readonly<Record<string, unknown>>) => {
  scene.values({ smoke: expectations });
  return await scene.run("smoke", "--json");
};
/** The reasons of what is not met, by what it is. */
async function reasons(expectations: Readonly<Record<string, unknown>>) {
  const { code, stdout } = await smoke(expectations);
  const report: { expectations: { what: string; met: boolean; reason?: string; durationMs: number }[] } =
    JSON.parse(stdout);
  expect(report.expectations.every((one) => one.durationMs >= 0 && one.met === (one.reason === undefined))).toBe(true);
  return {
    code,
    reasons: Object.fromEntries(
      report.expectations.filter((one) => !one.met).map(({ what, reason }) => [what, reason]),
    ),
  };
}

describe("smoke", () => {
  it("knows types by every name, constraints, extensions, functions, numbers of rows and versions", async () => {
    await scene.run("migrate");
    const columns = [
      ...["numeric(12,2)", "decimal( 12, 2 )", "numeric"].map((type) => ({ column: "orders.total", type })),
      ...["varchar(20)", "character varying(20)", "varchar"].map((type) => ({ column: "orders.name", type })),
      { column: "public.orders.id", type: "int8" },
      { column: "orders.tags", type: "text[]" },
      { column: "orders.at", type: "timestamp(3) with time zone" },
      { column: "orders.state", type: "shop.state" },
      'shop."Odd".id',
    ];
    const met = {
      columns,
      constraints: ["orders.positive", "public.orders.orders_pkey"],
      extensions: ["plpgsql", { name: "plpgsql", version: "1.0" }],
      functions: ["total_of", "total_of(int, text)", "public.total_of(integer)", "shop.tidy()"],
      rows: [
        { table: "orders", atLeast: 3, atMost: 3 },
        { table: "orders", atLeast: 1 },
        { table: 'shop."Odd"', atMost: 0 },
      ],
      version: { exactly: "002_more", atLeast: "001_orders" },
    };
    expect(await reasons(met)).toEqual({ code: 0, reasons: {} });
    scene.values({ smoke: met });
    const { stdout } = await scene.run("smoke");
    expect(stdout.trimEnd().split("\n")).toHaveLength(24);
    expect(stdout).toMatch(/^met {2}[\d.]+ m?s {2,}column orders\.total numeric\(12,2\)$/m);
  });

  it("says of each that is not met what is there instead", async () => {
    await scene.run("migrate");
    expect(
      await reasons({
        tables: ["order", "shp.orders", "shop.odd", "nothing_like_it"],
        columns: [
          { column: "orders.total", type: "numeric(10,2)" },
          { column: "orders.name", type: "text" },
          { column: "orders.id", type: "moneys" },
          "orders.totl",
          "ordrs.total",
        ],
        indexes: ["orders_pky"],
        constraints: ["orders.positiv", "orders.later"],
        extensions: ["plpgsq", { name: "plpgsql", version: "9.2" }],
        functions: ["total_of(text)", "total_off", "shop.tidi"],
        rows: [
          { table: "orders", atLeast: 10 },
          { table: "orders", atMost: 2 },
          { table: "orderz", atLeast: 1 },
        ],
        version: { exactly: "001_orders" },
      }),
    ).toEqual({
      code: 3,
      reasons: {
        "table order": "table order is not there; did you mean orders?",
        "table shp.orders": "table shp.orders is not there; the schema shp is not there; did you mean shop?",
        "table shop.odd": 'table shop.odd is not there; did you mean shop."Odd"?',
        "table nothing_like_it": "table nothing_like_it is not there",
        "column orders.total numeric(10,2)": "column orders.total is numeric(12,2), expected numeric(10,2)",
        "column orders.name text": "column orders.name is character varying(20), expected text",
        "column orders.id moneys": "column orders.id is bigint, and there is no type moneys",
        "column orders.totl": "column orders.totl is not there; did you mean total?",
        "column ordrs.total": "column ordrs.total is not there; the table ordrs is not there; did you mean orders?",
        "index orders_pky": "index orders_pky is not there; did you mean orders_pkey?",
        "constraint orders.positiv": "constraint orders.positiv is not there; did you mean positive?",
        "constraint orders.later": "constraint orders.later is not validated",
        "extension plpgsq":
          "extension plpgsq is not there; the server does not have it to install; did you mean plpgsql?",
        "extension plpgsql 9.2": "extension plpgsql is 1.0, expected 9.2 or later; the server has 1.0 to install",
        "function total_of(text)":
          "function total_of(text) is not there; there is total_of(integer), total_of(integer,text)",
        "function total_off": "function total_off is not there; did you mean total_of(integer)?",
        "function shop.tidi": "function shop.tidi is not there; did you mean shop.tidy()?",
        "rows of orders: at least 10": "orders has 3 rows, expected at least 10",
        "rows of orders: at least 0, at most 2": "orders has more than 2 rows",
        "rows of orderz: at least 1": "table orderz is not there; did you mean orders?",
        "version exactly 001_orders": "version is 002_more, expected exactly 001_orders",
      },
    });
  });

  it.each([
    [{ tables: [""] }, 'smoke.tables.0: "" names nothing: write orders'],
    [{ columns: ["orders"] }, 'smoke.columns.0: "orders" names nothing: write its table\'s name before it'],
    [{ columns: [{ column: "orders.id" }] }, "smoke.columns.0.type: is missing"],
    [{ functions: ["total of"] }, 'smoke.functions.0: "total of" names no function'],
    [{ rows: [{ atLeast: 1 }] }, "smoke.rows.0.table: is missing"],
    [{ version: { least: "001" } }, "smoke.version.least: unknown key"],
  ])("refuses %j, which names nothing, before it connects", async (expectations, words) => {
    const { code, stderr } = await smoke(expectations);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(words) });
  });

  it("counts no further than it has to, and stops at its timeout", async () => {
    await scene.run("migrate");
    await scene.database.sql(
      "CREATE VIEW endless AS SELECT g FROM generate_series(1, 100000) g WHERE pg_sleep(0.05)::text IS NOT NULL",
    );
    expect(await reasons({ rows: [{ table: "endless", atLeast: 2 }] })).toEqual({ code: 0, reasons: {} });
    expect(await reasons({ timeout: "300ms", rows: [{ table: "endless", atLeast: 2_000 }] })).toMatchObject({
      code: 3,
      reasons: { "rows of endless: at least 2000": expect.stringContaining("no answer in smoke.timeout, 300ms") },
    });
  });

  it("reports the expectations of a run, and of each schema of a fleet", async () => {
    await scene.database.sql("CREATE SCHEMA north; CREATE SCHEMA south");
    scene.remove("001_orders.sql");
    scene.values({ fleet: { schemas: ["north", "south"] }, smoke: { tables: ["invoices", "none"] } });
    expect(await scene.run("migrate")).toMatchObject({ code: 3 });
    const [row] = await scene.database.sql(
      "SELECT report FROM headgate.run WHERE target = 'default' ORDER BY id DESC LIMIT 1",
    );
    expect(row?.report).toMatchObject({
      expectations: ["north", "south"].flatMap((schema) => [
        { what: `${schema}: table invoices`, met: true },
        { what: `${schema}: table none`, met: false, reason: "table none is not there" },
      ]),
    });
  });
});
