import { helmBinary } from "../../support/tools.ts";
import { runClient } from "./client.ts";
import type { ClusterHandle } from "./handle.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { helm3Binary } from "./tools.ts";

export interface HelmOptions extends RunOptions {
  /** Default 4. The first use of 3 builds it, in a minute. */
  readonly version?: 3 | 4;
  /** Passed as `--values -`. */
  readonly values?: Readonly<Record<string, unknown>>;
}

export type Helm = (args: readonly string[], options?: HelmOptions) => Promise<RunResult>;

/** helm in one namespace. What hooks have logged is in `stderr`. */
export function helmIn(cluster: ClusterHandle, namespace: string): Helm {
  return async (args, { version, values, ...options } = {}) => {
    const binary = version === 3 ? await helm3Binary() : await helmBinary();
    const withValues = values === undefined ? [] : ["--values", "-"];
    const input = values === undefined ? options.input : JSON.stringify(values);
    return runClient(cluster, [binary, ...args, ...withValues, "--namespace", namespace], {
      timeoutMs: 420_000,
      ...options,
      ...(input === undefined ? {} : { input }),
    });
  };
}
