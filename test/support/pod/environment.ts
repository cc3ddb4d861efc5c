import type { V1Container, V1EnvFromSource, V1EnvVar } from "@kubernetes/client-node";
import { downward } from "./downward.ts";
import { refuseUnknown } from "./fields.ts";
import { readKey, readStore } from "./stores.ts";
import { type Image, PodError, type PodIdentity, type Surroundings } from "./types.ts";

type Environment = Readonly<Record<string, string>>;

/** `$(NAME)` as Kubernetes reads it: an unknown name stays as it stands, and `$$` is one dollar. */
export const expand = (text: string, env: Environment): string =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (whole, what: string, name: string) =>
    what === "$" ? "$" : (env[name] ?? whole),
  );

interface Finder {
  readonly pod: PodIdentity;
  readonly around: Surroundings;
}

function fromSource({ name, valueFrom = {} }: V1EnvVar, { pod, around }: Finder): string | undefined {
  refuseUnknown(valueFrom, "source", `variable ${name}`);
  const { fieldRef, secretKeyRef, configMapKeyRef } = valueFrom;
  if (fieldRef !== undefined) return downward(fieldRef, pod);
  const kind = secretKeyRef === undefined ? "configMap" : "secret";
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference === undefined) throw new PodError(`variable ${name} has a valueFrom without a source`);
  const { name: store = "", key, optional = false } = reference;
  return readKey({ kind, name: store, key, optional }, around, pod);
}

function fromStore(source: V1EnvFromSource, around: Surroundings): Environment {
  refuseUnknown(source, "sources", "envFrom");
  const kind = source.secretRef === undefined ? "configMap" : "secret";
  const { name = "", optional = false } = source.secretRef ?? source.configMapRef ?? {};
  const data = readStore({ kind, name, optional }, around) ?? {};
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [`${source.prefix ?? ""}${key}`, value]));
}

/** The container's variables: the image's, then envFrom's, then env's, each able to name those before it. */
export function environmentOf(container: V1Container, image: Image, finder: Finder): Environment {
  const sources = (container.envFrom ?? []).map((source) => fromStore(source, finder.around));
  const env: Record<string, string> = Object.assign({ PATH: "/usr/local/bin:/usr/bin:/bin" }, image.env, ...sources);
  for (const variable of container.env ?? []) {
    refuseUnknown(variable, "variable", `container ${container.name}`);
    const { name, value, valueFrom } = variable;
    const found = valueFrom === undefined ? expand(value ?? "", env) : fromSource(variable, finder);
    if (found !== undefined) env[name] = found;
  }
  return env;
}
