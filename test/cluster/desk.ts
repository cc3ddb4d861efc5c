import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AGENT } from "../support/headgate.ts";
import { helmBinary } from "../support/tools.ts";
import type { TestNamespace } from "./harness/namespace.ts";
import { temporaryFolder } from "./shop.ts";

/** Runs a line in a shell, in an empty folder; gives its exit code and all it printed. */
export type Shell = (line: string) => Promise<{ code: number; output: string }>;

/** What somebody has who was called at night: helm, kubectl, headgate, and a connection to the namespace's database. */
export async function deskOf(ns: TestNamespace): Promise<Shell> {
  const folder = await temporaryFolder();
  await symlink(await helmBinary(), join(folder, "helm"));
  await symlink(ns.cluster.kubectl, join(folder, "kubectl"));
  await writeFile(join(folder, "headgate"), `#!/bin/sh\nexec '${process.execPath}' '${AGENT}' "$@"\n`, { mode: 0o755 });
  const cwd = await temporaryFolder();
  const env = { PATH: `${folder}:${process.env.PATH}`, ...connection(ns) };
  return async (line) => {
    const { code, stdout, stderr } = await ns.client(["sh", "-c", line], { env, cwd, mayFail: true });
    return { code, output: `${stdout}\n${stderr}` };
  };
}

/** By the administrator's way to the server, as the database's own user. */
function connection({ cluster, database }: TestNamespace): Readonly<Record<string, string>> {
  const url = new URL(cluster.postgres.adminUrl);
  url.username = database.user;
  url.password = database.password;
  url.pathname = `/${database.name}`;
  const { caFile } = cluster.postgres;
  const tls: Record<string, string> = caFile === undefined ? { PGSSLMODE: "disable" } : { PGSSLROOTCERT: caFile };
  return { DATABASE_URL: url.href, ...tls };
}
