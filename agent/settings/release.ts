/** Who runs: what the chart says of the release, as the pod's annotation `headgate/release` holds it. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  readonly chart: string;
  readonly image: string;
  /** Seconds that all tries of the Job have together. */
  readonly deadlineSeconds: number;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
  /** Name of the suspended CronJob that carries out a refused way back; empty when there is none. */
  readonly manualRevert?: string;
  /** Name of the ConfigMap that keeps the last runs; empty when there is none. */
  readonly runsConfigMap?: string;
}

/** The pod that the agent runs in. `jobUid` and `jobName` are empty in a pod that belongs to no Job. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly jobUid: string;
  readonly jobName: string;
  readonly release: Release;
}
