import type { TestProject } from "vitest/node";
import { keepOutputs } from "../support/canary.ts";
import { up } from "./harness/cluster.ts";
import { useExternal } from "./harness/external.ts";
import { say } from "./harness/paths.ts";
import { helm3Binary } from "./harness/tools.ts";

const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Vitest calls it once before all files; what it returns runs after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env.HEADGATE_TEST_KUBECONFIG;
  // leaving runs the exit handlers, and these put everything away
  for (const [signal, code] of Object.entries(signals)) process.once(signal, () => process.exit(code));
  const start = Date.now();
  // a minute's build at the first time: not in some test's own time
  await helm3Binary();
  const search = keepOutputs();
  const cluster = await (external ? useExternal(external) : up());
  say(`ready after ${((Date.now() - start) / 1000).toFixed(1)} s`);
  project.provide("cluster", cluster.handle);
  return async () => {
    await cluster.down();
    search();
  };
}
