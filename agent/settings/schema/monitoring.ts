import { DURATION } from "./patterns.ts";

const stringMap = (description: string, value: Readonly<Record<string, string>> = {}) =>
  ({ type: "object", additionalProperties: { type: "string" }, default: value, description }) as const;

/** Objects for a monitoring stack that is there already. The chart's alone: the agent passes over it. */
export const monitoring = {
  type: "object",
  additionalProperties: false,
  description: "Objects for the Prometheus operator and for Grafana. They want the metrics of report.prometheus.",
  properties: {
    prometheusRule: {
      type: "object",
      additionalProperties: false,
      description: "Alerts, as a PrometheusRule of the Prometheus operator.",
      properties: {
        enabled: { type: "boolean", default: false, description: "Render it." },
        labels: stringMap("Its labels, e.g. those by which a Prometheus picks its rules."),
        severity: { type: "string", default: "warning", description: "The label severity of each alert." },
        noSuccessFor: {
          type: "string",
          pattern: `^$|${DURATION}`,
          default: "",
          description: "Alert when no run has ended well for so long. Empty: never.",
        },
      },
      default: {},
    },
    dashboard: {
      type: "object",
      additionalProperties: false,
      description: "A dashboard, as a ConfigMap for Grafana's sidecar.",
      properties: {
        enabled: { type: "boolean", default: false, description: "Render it." },
        labels: stringMap("Its labels, by which the sidecar finds it.", { grafana_dashboard: "1" }),
        annotations: stringMap("Its annotations, e.g. the folder."),
      },
      default: {},
    },
  },
  default: {},
} as const;
