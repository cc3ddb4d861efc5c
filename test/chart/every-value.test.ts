import { expect, test } from "vitest";
import {
  agentEntries,
  chartEntries,
  childrenOf,
  type SchemaEntry,
  type SchemaNode,
} from "../../.ci/generate/schema-tree.ts";
import { DURATION } from "../../agent/settings/schema/patterns.ts";
import { findKind, pods, render } from "./rendered.ts";

type Values = Record<string, unknown>;

/** Another value than the default, where the schema's type alone does not give one. */
const others: Readonly<Record<string, unknown>> = {
  "database.searchPath": ["shop"],
  "drift.ignore": ["audit"],
  "report.prometheus.file": "/metrics/headgate.prom",
  "report.prometheus.pushgateway.url": "http://pushgateway:9091",
  "report.openTelemetry.endpoint": "http://collector:4318",
  "monitoring.prometheusRule.noSuccessFor": "720h",
  "fleet.schemas": ["north"],
  "plan.allow": ["HG211"],
  "plan.expected": "0".repeat(64),
  "database.tls.mode": "verify-ca",
  "backup.s3.endpoint": "https://s3.example.com",
  "backup.s3.sse": "aws:kms",
  "backup.volume.path": "/srv/backups",
  "backup.command": ["/opt/snapshot"],
  "backup.lockTimeout": "2s",
  "backup.retention.age": "7d",
  "backup.timeout": "2s",
  "migrate.lockTimeout.first": "1s",
  "migrate.lockTimeout.largest": "2s",
  "migrations.inline": { "1_orders.sql": "SELECT 1" },
  "history.reports.keep": "30d",
  "report.files": ["/reports/headgate.html"],
  "smoke.tables": ["orders"],
  "smoke.columns": ["orders.total"],
  "smoke.indexes": ["orders_idx"],
  "smoke.constraints": ["orders.orders_total"],
  "smoke.extensions": ["pg_trgm"],
  "smoke.functions": ["total_of(integer)"],
  "smoke.rows": [{ table: "orders", atLeast: 1 }],
  "smoke.queries": [{ sql: "SELECT 1", expect: 1 }],
  "image.digest": `sha256:${"0".repeat(64)}`,
  "global.imagePullSecrets": ["login"],
  "image.pullSecrets": ["login"],
  extraEnv: [{ name: "A", value: "b" }],
};

/** What has to stand beside a key before it can show. */
const companions: Readonly<Record<string, Values>> = {
  "image.allowMutable": { image: { tag: "latest" } },
  "monitoring.prometheusRule.labels": { monitoring: { prometheusRule: { enabled: true } } },
  "monitoring.prometheusRule.severity": { monitoring: { prometheusRule: { enabled: true } } },
  "monitoring.prometheusRule.noSuccessFor": { monitoring: { prometheusRule: { enabled: true } } },
  "monitoring.dashboard.labels": { monitoring: { dashboard: { enabled: true } } },
  "monitoring.dashboard.annotations": { monitoring: { dashboard: { enabled: true } } },
};

interface Leaf {
  readonly path: string;
  readonly node: SchemaNode;
}

function leaves(node: SchemaNode, path: string): Leaf[] {
  const children = childrenOf(node);
  return children.length === 0 ? [{ path, node }] : children.flatMap(([key, child]) => leaves(child, `${path}.${key}`));
}

const leavesOf = (entries: readonly SchemaEntry[]) => entries.flatMap(([key, node]) => leaves(node, key));

function anotherValue({ path, node }: Leaf): unknown {
  if (path in others) return others[path];
  if (node.enum) return node.enum.find((value) => value !== node.default);
  if (node.type === "boolean") return !node.default;
  if (node.type === "integer") return Number(node.default) + 1;
  if (node.type === "array") return [{ name: "other" }];
  if (node.type === "object") return { other: "value" };
  return node.pattern === DURATION ? "1s" : "other";
}

const nest = (path: string, value: unknown): Values =>
  path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Values;

function overlay(base: Values, top: Values): Values {
  const merged = { ...base };
  for (const [key, value] of Object.entries(top)) {
    const below = merged[key];
    merged[key] = isMap(below) && isMap(value) ? overlay(below, value) : value;
  }
  return merged;
}

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

const known = new Map<string, Promise<string>>();

function outcome(values: Values): Promise<string> {
  const key = JSON.stringify(values);
  const made = known.get(key) ?? render(values).then((manifests) => JSON.stringify(manifests));
  known.set(key, made);
  return made;
}

test.concurrent.for(leavesOf(chartEntries))("$path shows in what the chart renders", async (leaf, { expect }) => {
  const base = companions[leaf.path] ?? {};
  const before = await outcome(base).catch((error: unknown) => String(error));
  expect(await outcome(overlay(base, nest(leaf.path, anotherValue(leaf))))).not.toBe(before);
});

test("every key of the agent's groups reaches the agent", async () => {
  const values = leavesOf(agentEntries)
    .map((leaf) => nest(leaf.path, anotherValue(leaf)))
    // With drift.record false, its schedule is refused.
    .concat({ drift: { schedule: "" } })
    .reduce(overlay, {});
  const [migrate] = pods(await render(values));
  const { inline, ...migrations } = values.migrations as Values;
  expect(JSON.parse(migrate?.annotations["headgate/settings"] ?? "")).toEqual({ ...values, migrations });
  expect(findKind(await render(values), "ConfigMap", "-migrations").data).toEqual(inline);
});
