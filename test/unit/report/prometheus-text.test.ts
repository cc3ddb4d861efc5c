import fc from "fast-check";
import { expect, it } from "vitest";
import type { Account } from "../../../agent/report/account.ts";
import { metrics } from "../../../agent/report/metrics.ts";
import { prometheusReport, prometheusText } from "../../../agent/report/prometheus-text.ts";
import type { Report } from "../../../agent/report/report.ts";
import { killed, pruned } from "../../browser/accounts.ts";
import { whole } from "./whole.ts";

const labels = { release: "shop", namespace: "web", target: "default", command: "migrate" };
const other = { ...labels, release: "cart" };

it("each metric has its help, its kind and its line, in the table's order", () => {
  const text = prometheusText(whole({ durationMs: 1_500 }), labels);
  expect(text).toContain(
    `# HELP headgate_run_duration_seconds How long the last run took.
# TYPE headgate_run_duration_seconds gauge
headgate_run_duration_seconds{release="shop",namespace="web",target="default",command="migrate"} 1.5
`,
  );
  const named = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(named).toEqual(metrics.map(({ name }) => name).filter((name) => named.includes(name)));
  expect(text.endsWith("\n")).toBe(true);
});

it("what others wrote stays, once, and what is no metric of ours goes", () => {
  const first = prometheusText(whole({}), other);
  const both = prometheusText(whole({ exitCode: 3 }), labels, `${first}node_load1 0.5\nheadgate_old{a="b"} 1\n`);
  expect(both.match(/headgate_run_exit_code\{/g)).toHaveLength(2);
  expect(both).not.toMatch(/node_load1|headgate_old/);
  expect(prometheusText(whole({ exitCode: 3 }), labels, both)).toBe(both);
});

it("drift is one number, whoever tells it: a run that records the schema, or accepts it, takes it back", () => {
  const change = { object: "table orders", kind: "added" } as const;
  const after = (...runs: readonly Partial<Report>[]) => {
    let text = "";
    for (const run of runs) text = prometheusText(whole(run), { ...labels, command: run.command ?? "migrate" }, text);
    return [...text.matchAll(/^headgate_run_drift_objects\{.*command="(\w+)"\} (\d+)$/gm)].map(([, ...told]) =>
      told.join(" "),
    );
  };
  const found = { command: "verify", outcome: "failed", drift: [change] } as const;
  expect(after(found)).toEqual(["verify 1"]);
  expect(after(found, { command: "verify", drift: [] })).toEqual(["verify 0"]);
  expect(after(found, { drift: [change], schema: [] })).toEqual(["verify 0"]);
  expect(after(found, { command: "accept", drift: [change] })).toEqual(["verify 0"]);
  expect(after(found, {})).toEqual(["verify 1"]);
  const fleet = { listed: 3, unchanged: 2, done: ["a"], failed: [], notReached: [] };
  expect(after(found, { drift: [], schema: [], fleet })).toEqual(["verify 1"]);
});

it("a label may hold anything", () => {
  fc.assert(
    fc.property(fc.string(), (release) => {
      const odd = { ...labels, release };
      const text = prometheusText(whole({}), odd);
      for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^# |^headgate_\w+\{.*\} \S+$/);
      expect(prometheusText(whole({}), odd, text)).toBe(text);
    }),
  );
});

it("a size that a backup has is told, and one that is not there is not", () => {
  expect(prometheusText(whole({}), labels)).not.toContain("headgate_run_backup_bytes");
  const report = Object.assign(whole({}), { backup: { bytes: 4_711 } });
  expect(prometheusText(report, labels)).toMatch(/headgate_run_backup_bytes\{.*\} 4711/);
});

it("of a run whose report is not kept the row and the history are told, of one that never ended only what is known", () => {
  const valuesOf = (account: Account) =>
    Object.fromEntries(
      [...prometheusReport(account).matchAll(/^headgate_run_(\w+)\{.*\} (\S+)$/gm)].map(([, name, value]) => [
        name,
        value,
      ]),
    );
  const { startedAt, durationMs = 0, migrations } = pruned;
  const end = String((Date.parse(startedAt) + durationMs) / 1_000);
  expect(valuesOf(pruned)).toEqual({
    ...{ timestamp_seconds: end, success_timestamp_seconds: end, failed: "0", exit_code: "0" },
    ...{ duration_seconds: String(durationMs / 1_000), pending_migrations: "0", reverted_migrations: "0" },
    applied_migrations: String(migrations.length),
  });
  const counts = Object.keys(valuesOf(killed));
  expect(counts).toEqual(["applied_migrations", "reverted_migrations"]);
});
