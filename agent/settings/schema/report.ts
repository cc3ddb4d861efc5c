import { TEMPLATE_DEFAULT } from "../template.ts";
import { files } from "./report-files.ts";

const HTTP_URL = "^(https?://[^\\s/@]+(/[^\\s@]*)?)?$";
const METRIC_JOB = "^[A-Za-z0-9_.-]+$";

const when = {
  type: "string",
  enum: ["failure", "always"],
  default: "failure",
  description: "Which runs: those that failed or were stopped, or all.",
} as const;

const secret = (what: string, variable: string) =>
  ({
    existingSecret: {
      type: "string",
      default: "",
      description: `Secret that holds the URL of the ${what}; at the desk it comes from ${variable}. Empty: none.`,
    },
    key: { type: "string", default: "url", description: "Key of the URL in existingSecret." },
    when,
  }) as const;

/** Who gets told of a run, beside the database's own record. */
export const report = {
  type: "object",
  additionalProperties: false,
  description: "Who gets told. A sink that is down costs seconds and one warning, and never changes the outcome.",
  properties: {
    log: {
      type: "object",
      additionalProperties: false,
      description: "The log on stderr.",
      properties: {
        level: {
          type: "string",
          enum: ["debug", "info", "warn", "error"],
          default: "info",
          description: "Least level that is written.",
        },
        format: {
          type: "string",
          enum: ["human", "json"],
          default: "human",
          description: "Lines for people, or pino's JSON lines for a log collector.",
        },
      },
      default: {},
    },
    files,
    events: {
      type: "boolean",
      default: false,
      description: "Write a Kubernetes Event on the Job. Renders the Role this needs and mounts an API token.",
    },
    eventsOn: {
      type: "object",
      additionalProperties: false,
      description: "With events: write the Event on the application's workload as well.",
      properties: {
        kind: {
          type: "string",
          enum: ["Deployment", "StatefulSet", "DaemonSet"],
          default: "Deployment",
          description: "Its kind.",
        },
        name: { type: "string", default: "", description: "Its name. Empty: on the Job alone." },
      },
      default: {},
    },
    configMap: {
      type: "object",
      additionalProperties: false,
      description: "Keep the reports of the last runs in the ConfigMap -runs, which outlives the release.",
      properties: {
        enabled: { type: "boolean", default: false, description: "Write it. Renders a Role and mounts an API token." },
        runs: { type: "integer", minimum: 1, maximum: 50, default: 10, description: "How many runs it keeps." },
      },
      default: {},
    },
    webhook: {
      type: "object",
      additionalProperties: false,
      description: "POST the report as JSON to a URL.",
      properties: {
        ...secret("webhook", "HEADGATE_WEBHOOK_URL"),
        body: {
          type: "object",
          additionalProperties: true,
          default: {},
          description:
            "The JSON to send instead of the report; {{field}} in its texts stands for a field of docs/sinks.md.",
          examples: [{ title: "{{who}}: {{command}} {{outcome}}", body: "{{summary}}" }],
        },
      },
      default: {},
    },
    slack: {
      type: "object",
      additionalProperties: false,
      description: "A message to Slack, or to what takes Slack's webhooks (Mattermost, Rocket.Chat, Discord's /slack).",
      properties: {
        ...secret("incoming webhook", "HEADGATE_SLACK_URL"),
        template: {
          type: "string",
          default: TEMPLATE_DEFAULT,
          description: "The text; {{field}} stands for a field of docs/sinks.md.",
        },
      },
      default: {},
    },
    prometheus: {
      type: "object",
      additionalProperties: false,
      description: "Metrics of the last run, in Prometheus' text format.",
      properties: {
        file: {
          type: "string",
          pattern: "^(.+\\.prom)?$",
          default: "",
          description: "File for node_exporter's textfile collector; its name ends with .prom. Empty: none.",
        },
        pushgateway: {
          type: "object",
          additionalProperties: false,
          description: "A Pushgateway.",
          properties: {
            url: {
              type: "string",
              pattern: HTTP_URL,
              default: "",
              description: "Its URL, without a password. Empty: none.",
            },
            job: { type: "string", pattern: METRIC_JOB, default: "headgate", description: "The label job." },
          },
          default: {},
        },
      },
      default: {},
    },
    openTelemetry: {
      type: "object",
      additionalProperties: false,
      description: "A trace of the run and its metrics, by OTLP over HTTP. The variables OTEL_* and TRACEPARENT count.",
      properties: {
        enabled: { type: "boolean", default: false, description: "Send them." },
        endpoint: {
          type: "string",
          pattern: HTTP_URL,
          default: "",
          description: "Base URL of the collector. Empty: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318.",
        },
      },
      default: {},
    },
  },
  default: {},
} as const;
