import { type S3Server, startS3 } from "../../services/harness/s3-server.ts";
import type { ClusterHandle } from "./handle.ts";
import { network } from "./network.ts";

/** A real S3 server that the cluster's pods reach: on their gateway, or on this machine's address in $HEADGATE_TEST_HOST. */
export async function startS3For({ kind, enter }: ClusterHandle): Promise<S3Server> {
  if (kind === "own") return await startS3({ enter, host: network.gateway });
  const host = process.env.HEADGATE_TEST_HOST;
  if (host) return await startS3({ host });
  throw new Error("Name the address under which the cluster's pods reach this machine in HEADGATE_TEST_HOST.");
}
