import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubectlBinary } from "../../support/tools.ts";
import type { Cluster } from "./cluster.ts";
import type { PostgresHandle } from "./handle.ts";
import { cacheDir } from "./paths.ts";

/** A cluster that somebody else runs, by $HEADGATE_TEST_KUBECONFIG. */
export async function useExternal(kubeconfig: string): Promise<Cluster> {
  const postgres = externalPostgres();
  const scratch = await mkdtemp(join(tmpdir(), "headgate-cluster-"));
  const id = `external-${process.pid}`;
  const handle = {
    kind: "external" as const,
    ...{ id, kubeconfig, postgres, scratch },
    kubectl: await kubectlBinary(),
    enter: [],
    failures: join(cacheDir(), "failures", id),
  };
  return { handle, down: () => rm(scratch, { recursive: true, force: true }) };
}

/** A server that both the cluster's pods and this machine reach under the same name. */
function externalPostgres(): PostgresHandle {
  const adminUrl = process.env.HEADGATE_TEST_DATABASE_URL;
  if (!adminUrl) {
    throw new Error(
      "HEADGATE_TEST_KUBECONFIG also wants HEADGATE_TEST_DATABASE_URL: a superuser on a PostgreSQL that its pods reach.",
    );
  }
  const { hostname, port } = new URL(adminUrl);
  const caFile = process.env.HEADGATE_TEST_DATABASE_CA;
  return { host: hostname, port: Number(port || 5432), adminUrl, ...(caFile ? { caFile } : {}) };
}
