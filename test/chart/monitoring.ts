import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord } from "../../agent/lib/records.ts";
import { chartDir, type Manifest } from "../support/tools.ts";
import { findKind, render } from "./rendered.ts";

export const everything = {
  monitoring: { prometheusRule: { enabled: true, noSuccessFor: "720h" }, dashboard: { enabled: true } },
};

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** The rules of a rendering, as a file of Prometheus' own has them. */
export const ruleFile = (manifests: readonly Manifest[]): RuleFile =>
  findKind(manifests, "PrometheusRule").spec as RuleFile;

export const renderedRules = async (): Promise<RuleFile> => ruleFile(await render(everything));

/** Every text under this key, however deep. */
function textsAt(value: unknown, key: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsAt(item, key));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === "string" ? [inner] : textsAt(inner, key),
  );
}

const GRAFANA_VARIABLE = /\$\{?\w+\}?/g;

/** What the dashboard asks Prometheus, with Grafana's variables filled in. */
export async function dashboardQueries(): Promise<string[]> {
  const dashboard: unknown = JSON.parse(await readFile(join(chartDir, "dashboards/headgate.json"), "utf8"));
  return textsAt(dashboard, "expr").map((query) => query.replaceAll(GRAFANA_VARIABLE, "shop"));
}
