import type { V1PodSpec } from "@kubernetes/client-node";
import type { Manifest } from "../tools.ts";

/** A container image, as far as a local process can stand for one. */
export interface Image {
  /** What runs when the manifest names no command. */
  readonly entrypoint: readonly string[];
  /** Folders of the image: path inside to folder here. */
  readonly files?: Readonly<Record<string, string>>;
  /** What its Dockerfile sets with ENV. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a pod finds in its cluster. */
export interface Surroundings {
  /** By full reference, as the manifest names it. */
  readonly images: Readonly<Record<string, Image>>;
  /** Secrets by name; each holds its keys' plain values. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folders of this machine by the name of the claim that stands for each. */
  readonly claims?: Readonly<Record<string, string>>;
  /** The rendering that the pod comes from: its ConfigMaps are looked up here. */
  readonly manifests?: readonly Manifest[];
  /** Aborts when the pod, or the Job with it, is deleted: SIGTERM, then SIGKILL after the grace period. */
  readonly signal?: AbortSignal;
  /** Milliseconds before a Job's next try, where Kubernetes waits 10 s, 20 s and so on. Default 100. */
  readonly pauseMs?: number;
}

/** What the downward API knows of a pod. */
export interface PodIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface PodToRun {
  readonly identity: PodIdentity;
  readonly spec: V1PodSpec;
}

export interface ContainerResult {
  readonly name: string;
  readonly role: "sidecar" | "init" | "main";
  /** A signal counts as 128 and its number, as in Kubernetes. */
  readonly exitCode: number;
  /** stdout and stderr in the order in which they came. */
  readonly log: string;
  readonly terminationMessage: string;
}

export interface PodResult {
  readonly name: string;
  readonly phase: "Succeeded" | "Failed";
  /** Why it was ended from outside, where it was. */
  readonly reason: "DeadlineExceeded" | "Deleted" | undefined;
  /** Those that were started, in the order of the manifest. */
  readonly containers: readonly ContainerResult[];
}

export type JobReason = "Completed" | "PodFailurePolicy" | "BackoffLimitExceeded" | "DeadlineExceeded" | "Deleted";

export interface JobResult {
  readonly succeeded: boolean;
  readonly reason: JobReason;
  /** The reason as a sentence. */
  readonly message: string;
  /** One pod a try. */
  readonly tries: readonly PodResult[];
}

/** The manifest wants what a cluster would refuse, or what a local process cannot stand for. */
export class PodError extends Error {
  override readonly name = "PodError";
}
