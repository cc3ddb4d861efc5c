import type { RunRow } from "../../agent/history/runs.ts";
import { type Account, accountOf, type MigrationAccount } from "../../agent/report/account.ts";
import type { MigrationRecord, Report } from "../../agent/report/report.ts";
import { whole } from "../unit/report/whole.ts";

const row: RunRow = {
  ...{ id: "42", target: "default", command: "migrate", outcome: "done", exitCode: 0, alive: false, reported: true },
  ...{ startedAt: "2026-11-21T18:04:05.120Z", endedAt: "2026-11-21T18:04:12.920Z", planHash: "9f2c".repeat(16) },
  ...{ release: "shop", revision: 7, namespace: "production", pod: "shop-headgate-migrate-x2x9k", actor: null },
  ...{ image: "registry.example.com/shop-migrator:1.4.0", chart: "headgate-0.1.0", agentVersion: "0.1.0" },
  ...{ applied: 3, reverted: 0 },
};

const release: Report["release"] = {
  ...{ name: "shop", namespace: "production", revision: 7, chart: "headgate-0.1.0" },
  ...{ image: "registry.example.com/shop-migrator:1.4.0", deadlineSeconds: 225, graceSeconds: 60 },
};

const stage = (name: string, [startedMs, durationMs]: readonly [number, number], summary: string) =>
  ({ name, status: "ok", startedMs, durationMs, summary }) as const;

const applied: readonly MigrationRecord[] = [
  {
    ...{ name: "012_customer", durationMs: 38, startedMs: 260, transaction: true, statements: 3 },
    locks: [
      { table: "orders", lock: "SHARE ROW EXCLUSIVE" },
      { table: "customers", lock: "SHARE ROW EXCLUSIVE" },
    ],
  },
  {
    ...{ name: "013_drop_legacy_total", durationMs: 1_912, startedMs: 300, transaction: true, statements: 1, tries: 5 },
    locks: [{ table: "orders", lock: "ACCESS EXCLUSIVE" }],
  },
  { name: "014_orders_by_status", durationMs: 3_120, startedMs: 2_214, transaction: false, statements: 1 },
];

const sql: Readonly<Record<string, string>> = {
  "012_customer": `-- every order belongs to somebody
ALTER TABLE orders ADD COLUMN customer bigint;
ALTER TABLE orders
  ADD CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_customer;`,
  "013_drop_legacy_total": "ALTER TABLE orders DROP COLUMN legacy_total;",
  "014_orders_by_status": `-- headgate: no-transaction
CREATE INDEX CONCURRENTLY orders_by_status ON orders (status, placed_at) WHERE status <> 'archived' AND placed_at > '2020-01-01';`,
};

const known: readonly MigrationAccount[] = applied.map((one) => ({
  ...one,
  direction: "up",
  sql: sql[one.name],
  sqlLength: sql[one.name]?.length,
  phase: one.name.startsWith("013") ? "contract" : "expand",
  downKind: one.name.startsWith("013") ? "irreversible" : "stored",
}));

const stages: Report["stages"] = [
  stage("wait", [0, 41], "PostgreSQL 18.4, shop as migrator, TLS verified"),
  stage("preflight", [42, 63], "13 checks passed, 1 warning"),
  stage("plan", [106, 88], "3 migrations"),
  { name: "revert", status: "skipped", startedMs: 194, durationMs: 0, summary: "" },
  stage("migrate", [195, 5_140], "3 applied"),
  stage("verify", [5_336, 22], "14 migrations, history and files agree"),
  stage("smoke", [5_360, 1_030], "9 expectations are met"),
];

const grown: Partial<Report> = {
  backup: {
    ...{
      strategy: "dump",
      name: "20261121T180405Z-default-9f2c9f2c",
      where: "s3://shop-backups/headgate (eu-central-1)",
    },
    ...{ bytes: 26_214_400, sha256: "5e88".repeat(16), durationMs: 1_870, verified: "read" },
  },
  schema: [
    { object: "column orders.customer", kind: "added", before: undefined, after: "bigint" },
    {
      object: "column orders.legacy_total",
      kind: "missing",
      before: "numeric(12,2) NOT NULL DEFAULT 0",
      after: undefined,
    },
    {
      object: "function order_total(bigint)",
      kind: "different",
      before:
        "CREATE FUNCTION order_total(id bigint) RETURNS numeric\n  LANGUAGE sql STABLE\n  AS $$ SELECT legacy_total FROM orders WHERE orders.id = $1 $$",
      after:
        "CREATE FUNCTION order_total(id bigint) RETURNS numeric\n  LANGUAGE sql STABLE\n  AS $$ SELECT sum(price * amount) FROM items WHERE items.order_id = $1 $$",
    },
  ],
  expectations: [
    { what: "table orders", met: true, durationMs: 1 },
    { what: "index orders_by_status", met: true, durationMs: 2 },
    { what: "query SELECT count(*) FROM orders WHERE customer IS NULL", met: true, durationMs: 812 },
  ],
  risks: [
    {
      ...{ migration: "013_drop_legacy_total", rule: "HG301", risk: "medium", line: 1 },
      danger: "what older pods still read goes away while they run: orders.legacy_total",
      accepted: "no release reads it since 1.2",
    },
  ],
};

const report = whole({
  ...{ stages, applied, release, database: "shop", planHash: row.planHash ?? "", startedAt: row.startedAt },
  ...{ durationMs: 6_420, ...grown },
});

export const done = accountOf({ row, report, migrations: known });

const failing: Report = {
  ...report,
  outcome: "failed",
  exitCode: 6,
  stages: [
    ...stages.slice(0, 4),
    {
      name: "migrate",
      status: "failed",
      startedMs: 195,
      durationMs: 5_140,
      summary: '013_drop_legacy_total failed: column "legacy_total" does not exist',
    },
    { name: "verify", status: "not reached", startedMs: 5_335, durationMs: 0, summary: "" },
    { name: "smoke", status: "not reached", startedMs: 5_335, durationMs: 0, summary: "" },
  ],
  applied: applied.slice(0, 1),
  stoppedAt: "013_drop_legacy_total",
  notReached: ["014_orders_by_status"],
  expectations: undefined,
  schema: undefined,
  error: {
    id: "migration-failed",
    what: '013_drop_legacy_total failed: column "legacy_total" of relation "orders" does not exist',
    details: [
      "migrations/013_drop_legacy_total.sql:1:27",
      "  1 | ALTER TABLE orders DROP COLUMN legacy_total;",
      "    |                           ^",
      "SQLSTATE 42703 undefined_column",
    ],
    stands: "013_drop_legacy_total was rolled back; 012_customer, applied before it, stays",
    fix: "mend the file and deploy again: the next run goes on with 013_drop_legacy_total",
  },
};

export const failed = accountOf({
  row: { ...row, outcome: "failed", exitCode: 6 },
  report: failing,
  migrations: known.slice(0, 1),
});

/** Names that try to be something else. */
export const ODD = [
  "<script>document.title='owned'</script>",
  "<img src=x onerror=alert(1)>",
  `"quoted" 'single' \`back\` &amp; &lt;b&gt;`,
  "</code></pre><h1>out</h1>",
  "جدول_الطلبات",
  "טבלת_הזמנות",
  "🛒 orders 👩‍🚀",
  `a${"very_long_name_".repeat(12)}`,
  "\\u0000 \\x00 %00 &#0;",
  "--><!-- ]]> {{constructor}} <%= 7*7 %>",
  'x" onclick="alert(1)" y=\'',
  "Zażółć 設計 ñandú",
] as const;

/** What would turn the reading direction around, or is not to be seen. */
export const UNSEEN = ["safe\u202Egnp.sql", "zero\u200Bwidth", "bell\u0007tab\tline\nend"] as const;

const odd = [...ODD, ...UNSEEN];

const hostileReport = whole({
  ...{ outcome: "failed", exitCode: 6, database: ODD[0], startedAt: "<b>now</b>", planHash: ODD[10] },
  stages: odd.map((name, at) => ({
    name,
    status: at % 2 === 0 ? "ok" : "failed",
    startedMs: at,
    durationMs: 5,
    summary: odd[(at + 1) % odd.length] ?? "",
  })),
  applied: odd.map((name, at) => ({
    name,
    durationMs: 1,
    startedMs: at,
    locks: [{ table: name, lock: "ACCESS EXCLUSIVE" }],
  })),
  ahead: odd,
  stoppedAt: ODD[1],
  notReached: odd,
  error: { id: ODD[0], what: ODD[1], details: odd, stands: ODD[2], fix: ODD[3] },
  release: {
    name: ODD[0],
    namespace: ODD[1],
    revision: 1,
    chart: ODD[2],
    image: ODD[7],
    deadlineSeconds: 1,
    graceSeconds: 1,
  },
  risks: odd.map((name) => ({ migration: name, rule: name, risk: "high", line: 1, danger: name, accepted: name })),
  drift: odd.map((name) => ({ object: name, kind: "missing", before: name, after: undefined })),
  schema: odd.map((name) => ({ object: name, kind: "different", before: name, after: `${name} now` })),
  expectations: odd.map((name) => ({ what: name, met: false, reason: name, durationMs: 1 })),
  backup: { strategy: ODD[0], name: ODD[7], where: ODD[1], bytes: 1, sha256: ODD[7], durationMs: 1, verified: "no" },
  fleet: {
    listed: 9,
    unchanged: 1,
    done: odd,
    failed: odd.map((schema) => ({ schema, error: schema, exitCode: 6 })),
    notReached: odd,
  },
});

export const hostile = accountOf({
  row: { ...row, target: ODD[0], command: ODD[1], pod: ODD[7], image: ODD[2] },
  report: hostileReport,
  migrations: odd.map((name) => ({
    name,
    durationMs: 1,
    direction: "up",
    sql: `SELECT '${name}';`,
    sqlLength: name.length + 10,
    phase: name,
    downKind: name,
  })),
  notes: odd,
});

/** Ten thousand migrations, a text without an end, and more changes than anybody reads. */
export function huge(): Account {
  const many = Array.from({ length: 10_000 }, (_, at) => `${String(at).padStart(5, "0")}_${"x".repeat(40)}`);
  const big = whole({
    outcome: "failed",
    exitCode: 6,
    stages,
    applied: many.map((name, at) => ({
      name,
      durationMs: at % 97,
      startedMs: at,
      statements: 3,
      transaction: true,
      locks: [{ table: name, lock: "SHARE" }],
    })),
    notReached: many,
    schema: many
      .slice(0, 5_000)
      .map((name) => ({ object: name, kind: "added", before: undefined, after: "y".repeat(500) })),
    error: {
      id: "migration-failed",
      what: "z".repeat(3_000_000),
      details: many,
      stands: "w".repeat(100_000),
      fix: "mend it",
    },
    durationMs: 12_000,
  });
  const withSql = many.slice(0, 300).map((name) => ({
    name,
    durationMs: 1,
    direction: "up" as const,
    sql: "SELECT 1;\n".repeat(2_000),
    sqlLength: 20_000,
  }));
  return accountOf({ row, report: big, migrations: withSql });
}

export const killed = accountOf({
  row: { ...row, outcome: "running", endedAt: null, exitCode: null, reported: false },
  migrations: known.slice(0, 1),
});

export const pruned = accountOf({ row: { ...row, reported: false }, migrations: known });

export const nothing = accountOf({
  row,
  report: whole({ stages, release, database: "shop", startedAt: row.startedAt }),
});
