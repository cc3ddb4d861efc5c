import { PodError } from "./types.ts";

interface Fields {
  readonly honoured: string;
  /** What only a node, a scheduler or a container runtime could give a meaning to. */
  readonly meaningless: string;
}

const FIELDS = {
  job: {
    honoured:
      "activeDeadlineSeconds backoffLimit completions parallelism podFailurePolicy podReplacementPolicy template",
    meaningless: "ttlSecondsAfterFinished",
  },
  pod: {
    honoured:
      "activeDeadlineSeconds automountServiceAccountToken containers initContainers restartPolicy terminationGracePeriodSeconds volumes",
    meaningless:
      "affinity enableServiceLinks imagePullSecrets nodeSelector priorityClassName runtimeClassName schedulerName securityContext serviceAccountName tolerations topologySpreadConstraints",
  },
  container: {
    honoured:
      "args command env envFrom image name restartPolicy terminationMessagePath terminationMessagePolicy volumeMounts workingDir",
    meaningless: "imagePullPolicy ports resources securityContext",
  },
  mount: { honoured: "mountPath name readOnly subPath", meaningless: "" },
  secret: { honoured: "defaultMode items optional secretName", meaningless: "" },
  configMap: { honoured: "defaultMode items name optional", meaningless: "" },
  downwardAPI: { honoured: "defaultMode items", meaningless: "" },
  emptyDir: { honoured: "", meaningless: "medium sizeLimit" },
  persistentVolumeClaim: { honoured: "claimName readOnly", meaningless: "" },
  item: { honoured: "fieldRef key mode path", meaningless: "" },
  fieldRef: { honoured: "fieldPath", meaningless: "apiVersion" },
  variable: { honoured: "name value valueFrom", meaningless: "" },
  source: { honoured: "configMapKeyRef fieldRef secretKeyRef", meaningless: "" },
  sources: { honoured: "configMapRef prefix secretRef", meaningless: "" },
  rule: { honoured: "action onExitCodes onPodConditions", meaningless: "" },
} as const satisfies Record<string, Fields>;

/** Refuses what is neither acted on here nor without meaning here, so that no field is passed over in silence. */
export function refuseUnknown(object: object, kind: keyof typeof FIELDS, where: string): void {
  const { honoured, meaningless } = FIELDS[kind];
  const known = `${honoured} ${meaningless}`.split(" ");
  for (const [field, value] of Object.entries(object)) {
    if (value === undefined || value === null || known.includes(field)) continue;
    throw new PodError(`${where}: the pod runner cannot honour ${field}`);
  }
}

/** Refuses a value other than those that the pod runner acts on. */
export function requireValue(value: unknown, allowed: readonly unknown[], where: string): void {
  if (allowed.includes(value)) return;
  throw new PodError(`${where} is ${JSON.stringify(value)}; the pod runner knows ${allowed.map(shown).join(", ")}`);
}

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
