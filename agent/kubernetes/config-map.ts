import { CoreV1Api, type V1ConfigMap } from "@kubernetes/client-node";
import { asked, inCluster, statusOf, until } from "./client.ts";

export interface Kept {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

type Data = Readonly<Record<string, string>>;

/** Tries for two runs that write at once. */
const TRIES = 5;

/** Changes a ConfigMap's data, or makes it. What somebody else wrote in between is read again, not overwritten. */
export async function changeConfigMap(kept: Kept, change: (data: Data) => Data): Promise<void> {
  const core = inCluster().makeApiClient(CoreV1Api);
  const { namespace, name, labels, signal } = kept;
  const read = async (): Promise<V1ConfigMap | undefined> => {
    try {
      return await core.readNamespacedConfigMap({ name, namespace }, until(signal));
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  };
  const write = async (): Promise<void> => {
    const there = await read();
    const data = change(there?.data ?? {});
    if (there === undefined) {
      const body = { metadata: { name, namespace, labels }, data };
      await core.createNamespacedConfigMap({ namespace, body }, until(signal));
    } else await core.replaceNamespacedConfigMap({ name, namespace, body: { ...there, data } }, until(signal));
  };
  await asked(async () => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await write();
      } catch (error) {
        if (statusOf(error) !== 409 || tries === TRIES) throw error;
      }
    }
  });
}
