import type {
  V1PodFailurePolicyOnExitCodesRequirement,
  V1PodFailurePolicyOnPodConditionsPattern,
  V1PodFailurePolicyRule,
} from "@kubernetes/client-node";
import { refuseUnknown, requireValue } from "./fields.ts";
import type { ContainerResult, PodResult } from "./types.ts";

/** What the Job does about a failed pod. */
export interface Decision {
  readonly action: "FailJob" | "Ignore" | "Count";
  readonly message: string;
}

const COUNT: Decision = { action: "Count", message: "the pod failed" };

const ACTIONS = ["FailJob", "Ignore", "Count"] as const;

function actionOf({ action }: V1PodFailurePolicyRule): Decision["action"] {
  requireValue(action, ACTIONS, "podFailurePolicy: action");
  return ACTIONS.find((each) => each === action) ?? "Count";
}

function matching(
  { containers }: PodResult,
  { containerName, operator, values }: V1PodFailurePolicyOnExitCodesRequirement,
): ContainerResult | undefined {
  requireValue(operator, ["In", "NotIn"], "podFailurePolicy: operator");
  return containers.find(
    ({ name, exitCode }) =>
      exitCode !== 0 &&
      (containerName ?? name) === name &&
      (operator === "In" ? values.includes(exitCode) : !values.includes(exitCode)),
  );
}

/** The one condition known here is a disruption, and no node of a cluster can disturb a local process. */
function refuseConditions(conditions: readonly V1PodFailurePolicyOnPodConditionsPattern[]): void {
  for (const { type } of conditions) requireValue(type, ["DisruptionTarget"], "podFailurePolicy: condition");
}

/** The first rule that fits, as the Job controller reads them; without one the pod counts as a try. */
export function decide(rules: readonly V1PodFailurePolicyRule[], pod: PodResult, namespace: string): Decision {
  for (const [index, rule] of rules.entries()) {
    refuseUnknown(rule, "rule", "podFailurePolicy");
    refuseConditions(rule.onPodConditions ?? []);
    const action = actionOf(rule);
    const container = rule.onExitCodes === undefined ? undefined : matching(pod, rule.onExitCodes);
    if (container !== undefined) {
      const { name, exitCode } = container;
      const what = `Container ${name} for pod ${namespace}/${pod.name} failed with exit code ${exitCode}`;
      return { action, message: `${what} matching ${action} rule at index ${index}` };
    }
  }
  return COUNT;
}
