export interface Permission {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** The setting that asks for it. */
  readonly setting: string;
}

/** Everything the agent ever asks of the API server. The chart's Role is tested against this table. */
export const permissions: readonly Permission[] = [
  { apiGroup: "events.k8s.io", resource: "events", verbs: ["create", "patch"], setting: "report.events" },
];
