import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runClient } from "./harness/client.ts";
import { keepDiagnostics } from "./harness/diagnostics.ts";
import { currentCluster } from "./harness/handle.ts";
import { buildMigratorImage } from "./harness/images.ts";
import { withNamespace } from "./harness/namespace.ts";
import { network } from "./harness/network.ts";
import { startPostgres, stopPostgres } from "./harness/postgres.ts";
import { nodeImage, restrictedJob } from "./harness/restricted-job.ts";
import { helm3Binary, lintTools } from "./harness/tools.ts";

const isOwn = (): boolean => currentCluster().kind === "own";

test("a Job runs node under Pod Security restricted", () =>
  withNamespace(async (ns) => {
    await ns.apply(restrictedJob("version", { image: nodeImage(ns.cluster), command: ["node", "--version"] }));
    expect(await ns.jobEnds("version")).toBe(true);
    expect(await ns.jobLogs("version")).toMatch(/v24\.\d+\.\d+/);
  }));

test("Pod Security restricted refuses a pod that runs as root", () =>
  withNamespace(async (ns) => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "root" } };
    const containers = [{ name: "main", image: nodeImage(ns.cluster) }];
    await expect(ns.apply({ ...pod, spec: { containers } })).rejects.toThrow(/violates PodSecurity "restricted/);
  }));

test("a pod reaches the server by name, its certificate verified", () =>
  withNamespace(async (ns) => {
    // SSLRequest of PostgreSQL's protocol; the server answers S and goes on in TLS
    const script = `
      const [net, tls, fs] = await Promise.all(["node:net", "node:tls", "node:fs"].map((name) => import(name)));
      const { host, port } = process.env;
      const socket = net.connect({ host, port }, () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])));
      socket.once("data", (answer) => {
        if (String(answer) !== "S") throw new Error("no TLS: " + answer);
        const ca = fs.existsSync("/ca/ca.crt") ? fs.readFileSync("/ca/ca.crt") : undefined;
        const secure = tls.connect({ socket, servername: host, ca, rejectUnauthorized: ca !== undefined }, () => {
          console.log("authorized:", secure.authorized);
          secure.end();
        });
      });`;
    const secrets = { [ns.caSecret ?? ns.databaseSecret]: "/ca" };
    const command = ["node", "--input-type=module", "--eval", script];
    const image = nodeImage(ns.cluster);
    await ns.apply(restrictedJob("tls", { image, command, envFrom: [ns.databaseSecret], secrets }));
    expect(await ns.jobEnds("tls"), await ns.jobLogs("tls")).toBe(true);
    if (isOwn()) expect(await ns.jobLogs("tls")).toContain("authorized: true");
  }));

test("the role of the Secret logs in by password, and owns its database", ({ skip }) =>
  withNamespace(async (ns) => {
    skip(!isOwn(), "asks what only a cluster and a server of our own can answer");
    const { user, password, name } = ns.database;
    const psql = ["psql", "--host", network.gateway, "--username", user, "--dbname", name, "--command"];
    const login = (PGPASSWORD: string) => ns.client([...psql, "CREATE TABLE seen (a int)"], { env: { PGPASSWORD } });
    await expect(login("wrong")).rejects.toThrow("password authentication failed");
    await login(password);
    expect(await ns.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'seen'")).toEqual([{ tableowner: user }]);
  }));

test("names outside do not exist, and addresses outside are out of reach", () =>
  withNamespace(async (ns) => {
    const script = `
      const name = await import("node:dns/promises").then((dns) => dns.lookup("example.com")).catch((e) => e.code);
      const socket = (await import("node:net")).connect({ host: "192.0.2.1", port: 443, timeout: 4000 });
      socket.on("connect", () => console.log(name, "reached")).on("timeout", () => socket.destroy(new Error("timeout")));
      socket.on("error", (e) => console.log(name, e.code ?? e.message));`;
    const command = ["node", "--input-type=module", "--eval", script];
    await ns.apply(restrictedJob("outside", { image: nodeImage(ns.cluster), command }));
    expect(await ns.jobEnds("outside")).toBe(true);
    if (isOwn()) expect(await ns.jobLogs("outside")).toMatch(/ENOTFOUND (EHOSTUNREACH|ENETUNREACH|timeout)/);
  }));

test.for([4, 3] as const)("helm %i runs a hook Job and prints its log", (version) =>
  withNamespace(async (ns) => {
    const chart = await makeChart(nodeImage(ns.cluster));
    const values = { greeting: `hello from helm ${version}` };
    const { stdout, stderr } = await ns.helm(["install", "tiny", chart, "--wait"], { version, values });
    expect(stdout).toContain("STATUS: deployed");
    expect(stderr).toContain(values.greeting);
  }),
);

test("what is built here reports its version", async () => {
  const cluster = currentCluster();
  const lint = await lintTools();
  const versions = [
    [await helm3Binary(), "version", "--short"],
    [join(lint, "ct"), "version"],
    [cluster.kubectl, "version", "--output=yaml"],
  ];
  const said = await Promise.all(versions.map(async (argv) => (await runClient(cluster, argv)).stdout));
  expect(said).toEqual([/^v3\.\d+/, /v3\.\d+/, /gitVersion: v1\.\d+/].map((text) => expect.stringMatching(text)));
  expect(said.join()).not.toContain("v0.0.0");
  await runClient(cluster, [join(lint, "kubeconform"), "-v"]);
});

test("the server can be stopped and started, and keeps its data", ({ skip }) =>
  withNamespace(async (ns) => {
    skip(!isOwn(), "asks what only a cluster and a server of our own can answer");
    await ns.sql("CREATE TABLE kept (a int)");
    await stopPostgres(ns.cluster.postgres, "immediate");
    await expect(ns.sql("SELECT 1")).rejects.toThrow();
    await startPostgres(ns.cluster.postgres);
    expect(await ns.sql("SELECT count(*)::int AS rows FROM kept")).toEqual([{ rows: 0 }]);
  }));

test("a migrator image holds the agent and a folder of migrations, compiled", ({ skip }) =>
  withNamespace(async (ns) => {
    skip(!isOwn(), "asks what only a cluster and a server of our own can answer");
    const image = await buildMigratorImage("harness:1", await makeMigrations(), await makeAgent());
    await ns.apply(restrictedJob("files", { image, command: ["ls", "/migrations"] }));
    expect(await ns.jobEnds("files"), await ns.jobLogs("files")).toBe(true);
    expect(await ns.jobLogs("files")).toMatch(/001_first\.sql\s[\s\S]*compiled\.txt/);
  }));

test("a volume claim can be written by a pod, and read from here", () =>
  withNamespace(async (ns) => {
    const folder = await ns.volume("backups");
    const command = ["sh", "-c", "echo whole >/backups/one"];
    await ns.apply(restrictedJob("writes", { image: nodeImage(ns.cluster), command, claims: { backups: "/backups" } }));
    expect(await ns.jobEnds("writes"), await ns.jobLogs("writes")).toBe(true);
    if (folder !== undefined) expect(await readFile(join(folder, "one"), "utf8")).toBe("whole\n");
  }));

test("what a failed test leaves is kept for reading, its Secrets are not", () =>
  withNamespace(async (ns) => {
    await ns.apply(restrictedJob("fails", { image: nodeImage(ns.cluster), command: ["node", "--eval", "throw 7"] }));
    expect(await ns.jobEnds("fails")).toBe(false);
    const failures = await makeFolder();
    expect(await keepDiagnostics({ ...ns.cluster, failures }, ns.name, "a title")).toContain(failures);
    const objects = await readFile(join(failures, "a-title/objects.yaml"), "utf8");
    expect(objects).toContain("kind: Job");
    expect(objects).not.toContain(ns.database.password);
    expect(await readdir(join(failures, "a-title/logs"))).toEqual([expect.stringMatching(/^fails-.*\.main\.log$/)]);
  }));

async function makeFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-harness-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content, { mode: 0o755 });
  }
  return folder;
}

function makeChart(image: string): Promise<string> {
  const command = ["node", "--print", "'{{ .Values.greeting }}'"];
  const annotations = { "helm.sh/hook": "pre-install", "helm.sh/hook-output-log-policy": "hook-succeeded,hook-failed" };
  return makeFolder({
    "Chart.yaml": "apiVersion: v2\nname: tiny\nversion: 1.0.0\n",
    "templates/hook.yaml": JSON.stringify(restrictedJob("hook", { image, command, annotations })),
  });
}

const makeMigrations = (): Promise<string> => makeFolder({ "001_first.sql": "-- Up Migration\nSELECT 1;\n" });

/** Stands in for the project's own Dockerfile: a `headgate` that writes one file. */
const makeAgent = (): Promise<string> =>
  makeFolder({
    "package.json": "{}",
    "package-lock.json": "{}",
    Dockerfile: "ARG BASE\nFROM $BASE\nCOPY agent/headgate /usr/local/bin/headgate\nUSER 65532\n",
    "agent/headgate": '#!/bin/sh\necho "$@" >/migrations/compiled.txt\n',
  });
