import { readdirSync, readFileSync } from "node:fs";
import type { TestNamespace } from "./harness/namespace.ts";
import { identify, kill } from "./harness/process-id.ts";
import { eventually } from "./harness/wait.ts";

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly containerID?: string;
      readonly state: { readonly running?: object };
    }[];
  };
}

interface Container {
  readonly pod: string;
  readonly id: string;
}

/** The running container of that name in a Job's pods; waits for it, because the kubelet reports late. */
export const runningContainer = (ns: TestNamespace, job: string, container: string): Promise<Container> =>
  eventually(`a running container ${container} of ${job}`, async () => {
    const pods = await ns.list<Pod>("pods", `batch.kubernetes.io/job-name=${job}`);
    for (const { metadata, status } of pods) {
      const found = status.containerStatuses?.find(({ name, state }) => name === container && state.running);
      const [, id] = found?.containerID?.split("//") ?? [];
      if (id !== undefined) return { pod: metadata.name, id };
    }
    return undefined;
  });

/** SIGKILL to all its processes. The node of our own cluster is this machine, so they are found by their group. */
export function killContainer({ pod, id }: Container): void {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && groupOf(name).includes(id))
    .flatMap((name) => identify(Number(name)) ?? []);
  if (processes.length === 0) throw new Error(`no process of the container in ${pod} is found on this machine`);
  for (const one of processes) kill(one, "SIGKILL");
}

function groupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    // it ended between the look and the reading
    return "";
  }
}
