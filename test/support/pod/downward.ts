import type { V1ObjectFieldSelector } from "@kubernetes/client-node";
import { refuseUnknown } from "./fields.ts";
import { PodError, type PodIdentity } from "./types.ts";

/** A field of the pod; a label or annotation that is not there gives an empty text, as in Kubernetes. */
export function downward(selector: V1ObjectFieldSelector, pod: PodIdentity): string {
  const { fieldPath } = selector;
  refuseUnknown(selector, "fieldRef", fieldPath);
  const [, group, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath) ?? [];
  if (key !== undefined) return (group === "labels" ? pod.labels : pod.annotations)[key] ?? "";
  if (fieldPath === "metadata.name") return pod.name;
  if (fieldPath === "metadata.namespace") return pod.namespace;
  if (fieldPath === "metadata.uid") return pod.uid;
  throw new PodError(`the pod runner cannot honour the fieldPath ${fieldPath}`);
}
