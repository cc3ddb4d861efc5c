import { chown, copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresHandle } from "./handle.ts";
import { network } from "./network.ts";
import { pkiFile } from "./pki.ts";
import { run } from "./run.ts";
import type { Sandbox } from "./sandbox.ts";

/** `nobody`: PostgreSQL refuses to run as root. */
const account = 65534;

/** Where the server sees its folder; the cache itself may be closed to `nobody`. */
const inside = "/run/headgate-postgres";

const settings = `listen_addresses = '${network.gateway},127.0.0.1'
unix_socket_directories = '${inside}/socket'
ssl = on
ssl_cert_file = '${inside}/server.crt'
ssl_key_file = '${inside}/server.key'
password_encryption = 'scram-sha-256'
max_connections = 200
# the data is thrown away with the run; what a killed server loses is not what is tested here
fsync = off
log_line_prefix = '%m [%p] %q%u@%d '
`;

const authentication = "local all all trust\nhost all all 0.0.0.0/0 scram-sha-256\n";

/** A server on the pods' gateway, with a certificate for its name there, and a Unix socket for the test process. */
export async function startServer(sandbox: Sandbox): Promise<PostgresHandle> {
  const outside = join(sandbox.folder.path, "postgres");
  await mkdir(join(outside, "socket"), { recursive: true });
  await copyFile(pkiFile(sandbox.folder, "postgres.crt"), join(outside, "server.crt"));
  await copyFile(pkiFile(sandbox.folder, "postgres.key"), join(outside, "server.key"));
  await Promise.all(["", "socket", "server.crt", "server.key"].map((p) => chown(join(outside, p), account, account)));
  await run([...sandbox.enter, "sh", "-c", `mkdir ${inside} && mount --bind "$1" ${inside}`, "sh", outside]);

  const bin = await findServerBinaries();
  const asNobody = [...sandbox.enter, "setpriv", `--reuid=${account}`, `--regid=${account}`, "--clear-groups"];
  const data = `${inside}/data`;
  const initdb = ["--pgdata", data, "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  await run([...asNobody, join(bin, "initdb"), ...initdb, "--auth=trust"]);
  await writeFile(join(outside, "data/postgresql.auto.conf"), settings);
  await writeFile(join(outside, "data/pg_hba.conf"), authentication);

  const handle = {
    host: network.postgresHost,
    port: 5432,
    adminUrl: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(join(outside, "socket"))}`,
    caFile: pkiFile(sandbox.folder, "ca.crt"),
    control: [...asNobody, join(bin, "pg_ctl"), "--pgdata", data, "--log", `${inside}/postgres.log`],
  };
  await startPostgres(handle);
  return handle;
}

/** Starts the server again, on the data that it had. */
export async function startPostgres(postgres: PostgresHandle): Promise<void> {
  await run([...control(postgres), "--wait", "start"]);
}

/** `fast` ends sessions in order; `immediate` is a crash. */
export async function stopPostgres(postgres: PostgresHandle, mode: "fast" | "immediate" = "fast"): Promise<void> {
  await run([...control(postgres), "--wait", `--mode=${mode}`, "stop"]);
}

function control(postgres: PostgresHandle): readonly string[] {
  if (postgres.control === undefined)
    throw new Error("A server of HEADGATE_TEST_DATABASE_URL is not stopped by tests.");
  return postgres.control;
}

/** Debian keeps a folder for each major version: the newest one. */
async function findServerBinaries(): Promise<string> {
  const versions = await readdir("/usr/lib/postgresql");
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return join("/usr/lib/postgresql", newest ?? "15", "bin");
}
