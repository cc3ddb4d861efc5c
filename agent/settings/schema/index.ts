import { backup } from "./backup.ts";
import { chartOnly } from "./chart.ts";
import { database, history } from "./database.ts";
import { drift } from "./drift.ts";
import { fleet } from "./fleet.ts";
import { monitoring } from "./monitoring.ts";
import { migrate, migrations, plan, wait } from "./pipeline.ts";
import { report } from "./report.ts";
import { rollback } from "./rollback.ts";
import { smoke } from "./smoke.ts";

/** The groups that travel with the pod, in the order of the pipeline. */
export const agentGroups = {
  database,
  migrations,
  wait,
  plan,
  backup,
  migrate,
  smoke,
  drift,
  rollback,
  fleet,
  report,
  history,
} as const;

export const agentSchema = {
  type: "object",
  additionalProperties: false,
  properties: agentGroups,
} as const;

/**
 * The whole of values.yaml: the schema of the chart, and of `-f values.yaml` at the desk.
 * Draft-07, because Helm 3 and Helm 4 both read it.
 */
export const valuesSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Headgate's values",
  type: "object",
  additionalProperties: false,
  properties: { ...agentGroups, monitoring, ...chartOnly },
} as const;
