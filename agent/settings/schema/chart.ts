/** Keys that only the chart reads. The agent knows their names, so that one values file serves both, and passes over them. */
const freeObject = (description: string) =>
  ({ type: "object", additionalProperties: true, default: {}, description }) as const;
const stringMap = (description: string) =>
  ({ type: "object", additionalProperties: { type: "string" }, default: {}, description }) as const;
const objectList = (description: string) =>
  ({ type: "array", items: { type: "object" }, default: [], description }) as const;

const NAME = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$";
const TAG = "^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$";

export const chartOnly = {
  enabled: { type: "boolean", default: true, description: "For a parent chart's condition; false renders nothing." },
  global: {
    type: "object",
    additionalProperties: true,
    description: "What Helm shares between a chart and its subcharts.",
    properties: {
      imageRegistry: { type: "string", default: "", description: "Registry that replaces image.registry." },
      imagePullSecrets: {
        type: "array",
        items: { type: ["string", "object"] },
        default: [],
        description: "Pull secrets, by name or as {name}.",
      },
    },
    default: {},
  },
  nameOverride: {
    type: "string",
    pattern: NAME,
    default: "",
    description: "Replaces the chart's name in object names.",
  },
  fullnameOverride: {
    type: "string",
    pattern: NAME,
    default: "",
    description: "Replaces release and chart name in object names.",
  },
  commonLabels: stringMap(
    "Labels for every object. Pods take podLabels alone, so that no selector of the application's catches them.",
  ),
  commonAnnotations: stringMap("Annotations for every object; they cannot replace the hook's own."),
  image: {
    type: "object",
    additionalProperties: false,
    description: "The migrator image: Headgate's own, or one built FROM it that holds the migrations.",
    properties: {
      registry: { type: "string", default: "", description: "Registry; empty leaves it to the repository's name." },
      repository: { type: "string", default: "headgate", description: "Repository, without tag and digest." },
      tag: {
        type: "string",
        pattern: TAG,
        default: "",
        description: "Immutable tag; empty means the chart's appVersion.",
      },
      digest: {
        type: "string",
        pattern: "^(sha256:[0-9a-f]{64})?$",
        default: "",
        description: "Digest; wins over the tag.",
      },
      pullPolicy: {
        type: "string",
        enum: ["Always", "IfNotPresent", "Never"],
        default: "IfNotPresent",
        description: "When the node pulls the image.",
      },
      pullSecrets: {
        type: "array",
        items: { type: ["string", "object"] },
        default: [],
        description: "Pull secrets, by name or as {name}.",
      },
      allowMutable: {
        type: "boolean",
        default: false,
        description: "Accept the tag latest, with which nobody can say afterwards what ran.",
      },
    },
    default: {},
  },
  serviceAccount: {
    type: "object",
    additionalProperties: false,
    description: "The account of the Jobs; the application's own is never used.",
    properties: {
      create: { type: "boolean", default: true, description: "Make one." },
      name: {
        type: "string",
        default: "",
        description:
          "Its name, or with create: false that of an existing one. One that is made is made anew at every upgrade.",
      },
      annotations: {
        ...stringMap("Its annotations, e.g. for a cloud identity."),
        examples: [{ "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/shop-migrations" }],
      },
    },
    default: {},
  },
  job: {
    type: "object",
    additionalProperties: false,
    description: "The Jobs.",
    properties: {
      activeDeadlineSeconds: {
        type: "integer",
        minimum: 30,
        default: 225,
        description: "For all tries together. Keep it, plus the grace period, below Helm's --timeout (300 s).",
      },
      backoffLimit: {
        type: "integer",
        minimum: 0,
        default: 2,
        description: "Tries after the first. A revert has no other.",
      },
      annotations: stringMap("Annotations of the Jobs."),
      labels: stringMap("Labels of the Jobs."),
    },
    default: {},
  },
  manual: {
    type: "object",
    additionalProperties: false,
    description: "Starting the Jobs by hand.",
    properties: {
      enabled: {
        type: "boolean",
        default: false,
        description:
          "Render the suspended CronJobs -manual-migrate and -manual-revert, for kubectl create job --from=cronjob/NAME.",
      },
    },
    default: {},
  },
  terminationGracePeriodSeconds: {
    type: "integer",
    minimum: 5,
    default: 60,
    description: "Time to cancel, roll back and report after SIGTERM.",
  },
  podLabels: stringMap("Labels of every pod; they cannot replace the chart's own."),
  podAnnotations: stringMap("Annotations of every pod; they cannot replace the chart's own."),
  podSecurityContext: {
    ...freeObject("The pods' security context. A key set to null is left out (OpenShift assigns its own ids)."),
    default: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
  },
  securityContext: {
    ...freeObject("Every container's security context, and that of native sidecars that bring none."),
    default: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  },
  resources: {
    ...freeObject("Resources of each of the agent's containers, and of native sidecars that bring none."),
    default: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "256Mi" } },
  },
  nodeSelector: stringMap("Labels that a node has to have to run the pods."),
  tolerations: {
    ...objectList("Taints of nodes that the pods tolerate."),
    examples: [[{ key: "dedicated", operator: "Equal", value: "jobs", effect: "NoSchedule" }]],
  },
  affinity: freeObject("The pods' affinity to nodes and to other pods."),
  topologySpreadConstraints: objectList("How the pods spread over zones and nodes."),
  priorityClassName: { type: "string", default: "", description: "Name of the pods' priority class." },
  runtimeClassName: { type: "string", default: "", description: "Name of the pods' runtime class." },
  schedulerName: { type: "string", default: "", description: "Name of the scheduler; empty means the cluster's own." },
  hostAliases: objectList("Lines for the pods' /etc/hosts."),
  dnsConfig: freeObject("The pods' DNS settings."),
  mesh: {
    type: "object",
    additionalProperties: false,
    description: "Service meshes.",
    properties: {
      optOut: {
        type: "boolean",
        default: true,
        description: "Keep Istio's and Linkerd's sidecars out: with one the Job would never end, or start too early.",
      },
    },
    default: {},
  },
  autoscaler: {
    type: "object",
    additionalProperties: false,
    description: "Node autoscalers.",
    properties: {
      optOut: {
        type: "boolean",
        default: true,
        description: "Ask Karpenter and the cluster autoscaler not to remove the node under a running migration.",
      },
    },
    default: {},
  },
  nativeSidecars: {
    ...objectList(
      "Containers that run beside the agent, e.g. a cloud SQL proxy. They start before wait and end with the pod.",
    ),
    examples: [[{ name: "proxy", image: "registry.example.com/sql-proxy:2.14.0", args: ["--port=5432", "shop-db"] }]],
  },
  extraEnv: {
    ...objectList("Environment of the agent's containers; where a name stands twice, the last one counts."),
    examples: [[{ name: "NODE_EXTRA_CA_CERTS", value: "/etc/company/ca.crt" }]],
  },
  extraEnvFrom: {
    ...objectList("Sources of environment of the agent's containers."),
    examples: [[{ secretRef: { name: "shop-migrations" } }]],
  },
  extraVolumes: {
    ...objectList("Volumes of the pods."),
    examples: [[{ name: "company-ca", configMap: { name: "company-ca" } }]],
  },
  extraVolumeMounts: {
    ...objectList("Volume mounts of the agent's containers."),
    examples: [[{ name: "company-ca", mountPath: "/etc/company", readOnly: true }]],
  },
} as const;
