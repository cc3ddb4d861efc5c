import { PodError, type PodIdentity, type Surroundings } from "./types.ts";

export type Data = Readonly<Record<string, string>>;

/** A Secret or ConfigMap as a pod names it. */
export interface Store {
  readonly kind: "secret" | "configMap";
  readonly name: string;
  readonly optional: boolean;
}

const isData = (value: unknown): value is Data =>
  typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");

function configMap(name: string, { manifests = [] }: Surroundings): Data | undefined {
  const found = manifests.find((each) => each.kind === "ConfigMap" && each.metadata.name === name);
  if (found === undefined) return undefined;
  const { data = {}, binaryData } = found;
  if (!isData(data) || binaryData !== undefined) throw new PodError(`ConfigMap ${name} holds more than text`);
  return data;
}

/** What it holds; undefined when it is optional and not there. */
export function readStore({ kind, name, optional }: Store, around: Surroundings): Data | undefined {
  const data = kind === "secret" ? around.secrets?.[name] : configMap(name, around);
  if (data === undefined && !optional) throw new PodError(`${kind.toLowerCase()} "${name}" not found`);
  return data;
}

interface KeyOf extends Store {
  readonly key: string;
}

/** One key's value; undefined when it is optional and not there. */
export function readKey({ key, ...store }: KeyOf, around: Surroundings, pod: PodIdentity): string | undefined {
  const value = readStore(store, around)?.[key];
  if (value !== undefined || store.optional) return value;
  const kind = store.kind === "secret" ? "Secret" : "ConfigMap";
  throw new PodError(`couldn't find key ${key} in ${kind} ${pod.namespace}/${store.name}`);
}
