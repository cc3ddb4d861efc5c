import { inject } from "vitest";

/** How test processes reach the server; plain data, because it crosses from the runner to its workers. */
export interface PostgresHandle {
  /** As pods see it. */
  readonly host: string;
  readonly port: number;
  /** A connection string of a superuser, from outside of the cluster. */
  readonly adminUrl: string;
  /** A file with the authority that signed the server's certificate. */
  readonly caFile?: string;
  /** Runs pg_ctl on the server; missing for a server that is not ours. */
  readonly control?: readonly string[];
}

export interface ClusterHandle {
  readonly kind: "own" | "external";
  readonly id: string;
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Put before a client's command, so that it reaches the cluster. */
  readonly enter: readonly string[];
  readonly postgres: PostgresHandle;
  /** A folder for this run's scratch files, removed at the end. */
  readonly scratch: string;
  /** A folder for what is worth reading after a failure, kept. */
  readonly failures: string;
  /** Aborts when the test is over, and its clients with it. */
  readonly signal?: AbortSignal;
  /** Where images go; missing for a cluster that is not ours. */
  readonly containerd?: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly cluster: ClusterHandle;
  }
}

/** The cluster that the global setup has started; to be called in tests only. */
export const currentCluster = (): ClusterHandle => inject("cluster");
