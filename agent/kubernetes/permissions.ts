export interface Permission {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** The one object that it is about; left out where Kubernetes cannot name one, or there are many. */
  readonly name?: "the ConfigMap -runs" | "report.eventsOn.name";
  /** The setting that asks for it. */
  readonly setting: string;
}

/** The workloads that an Event may be written on: their kind, and their resource of the group apps. */
export const workloads = { Deployment: "deployments", StatefulSet: "statefulsets", DaemonSet: "daemonsets" } as const;

/** Everything the agent ever asks of the API server. The chart's Role is tested against this table. */
export const permissions: readonly Permission[] = [
  { apiGroup: "events.k8s.io", resource: "events", verbs: ["create"], setting: "report.events" },
  // For its uid, by which `kubectl describe` finds an object's Events.
  ...Object.values(workloads).map((resource) => ({
    apiGroup: "apps",
    resource,
    verbs: ["get"],
    name: "report.eventsOn.name" as const,
    setting: "report.eventsOn",
  })),
  { apiGroup: "", resource: "configmaps", verbs: ["create"], setting: "report.configMap.enabled" },
  {
    apiGroup: "",
    resource: "configmaps",
    verbs: ["get", "update"],
    name: "the ConfigMap -runs",
    setting: "report.configMap.enabled",
  },
];
