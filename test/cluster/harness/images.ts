import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureBase, prepareContext } from "./base-images.ts";
import { type ClusterHandle, currentCluster } from "./handle.ts";
import { hashFiles, hashTexts } from "./hash.ts";
import { ensureImage, type Image } from "./image-store.ts";
import { withLock } from "./lock.ts";
import { repository } from "./paths.ts";
import { run } from "./run.ts";

const migratorDockerfile = `ARG AGENT
FROM \${AGENT}
COPY --chown=65532:65532 migrations /migrations
RUN ["headgate", "compile", "--dir", "/migrations"]
`;

/** The clients of this machine's packages instead of those of a registry; they are collected the same way. */
const backupDockerfile = `ARG AGENT
FROM \${AGENT}
COPY clients/ /
`;

/** The agent's image by the checkout's own Dockerfile, known to the cluster; returns its reference. */
export async function buildAgentImage(folder = repository): Promise<string> {
  const cluster = currentCluster();
  if (cluster.containerd === undefined) return externalAgent();
  const image = await withLock("images", () => ensureAgent(folder));
  await loadImage(cluster, image);
  return image.reference;
}

/** An image FROM the agent's with a folder of migrations, compiled in it; `tag` is its name below localhost/headgate/. */
export async function buildMigratorImage(tag: string, migrationsDir: string, folder = repository): Promise<string> {
  const cluster = currentCluster();
  const [name = tag, version = "1"] = tag.split(":");
  const reference = `localhost/headgate/${name}:${version}`;
  if (cluster.containerd === undefined) return buildExternally(reference, migrationsDir);
  const image = await withLock("images", async () => {
    const agent = await ensureAgent(folder);
    return ensureImage({
      reference,
      isLeaf: true,
      key: hashTexts(reference, migratorDockerfile, agent.archive, await hashFiles(migrationsDir, ["."])),
      parents: [agent],
      buildArgs: { AGENT: agent.reference },
      context: () => migratorContext(migrationsDir),
    });
  });
  await loadImage(cluster, image);
  return reference;
}

/** The agent's image with pg_dump and pg_restore, as the Dockerfile's target `backup` has them; returns its reference. */
export async function buildBackupImage(folder = repository): Promise<string> {
  const cluster = currentCluster();
  if (cluster.containerd === undefined) {
    const reference = process.env.HEADGATE_TEST_BACKUP_IMAGE;
    if (reference) return reference;
    throw new Error("Name the image with pg_dump that the cluster has in HEADGATE_TEST_BACKUP_IMAGE.");
  }
  const image = await withLock("images", async () => {
    const agent = await ensureAgent(folder);
    const collector = join(folder, ".ci/collect-clients.ts");
    return ensureImage({
      reference: `localhost/headgate/backup:${hashTexts(agent.reference)}`,
      isLeaf: true,
      key: hashTexts(backupDockerfile, agent.archive, await readFile(collector, "utf8")),
      parents: [agent],
      buildArgs: { AGENT: agent.reference },
      context: async () => {
        const context = await prepareContext(backupDockerfile);
        await run([process.execPath, collector, join(context, "clients")]);
        return context;
      },
    });
  });
  await loadImage(cluster, image);
  return image.reference;
}

/** Hands an image to containerd, once a run. */
export async function loadImage(target: Pick<ClusterHandle, "containerd" | "scratch">, image: Image): Promise<void> {
  const mark = join(target.scratch, `loaded-${hashTexts(image.archive)}`);
  if (target.containerd === undefined || (await exists(mark))) return;
  await run(["ctr", "--address", target.containerd, "--namespace", "k8s.io", "images", "import", image.archive]);
  await writeFile(mark, "");
}

/** By the checkout's Dockerfile, its bases replaced; no registry of images is needed, for the bundle is built here. */
async function ensureAgent(folder: string): Promise<Image> {
  const base = await ensureBase();
  const key = hashTexts(base.archive, await hashFiles(folder, await listSources(folder)));
  return ensureImage({
    reference: `localhost/headgate/agent:${key}`,
    key,
    parents: [base],
    buildArgs: { BASE: base.reference, BUILD: base.reference },
    context: () => withBundle(folder),
  });
}

async function withBundle(folder: string): Promise<string> {
  const { scripts }: { scripts?: Record<string, string> } = JSON.parse(
    await readFile(join(folder, "package.json"), "utf8"),
  );
  if (scripts?.build !== undefined) await run(["npm", "run", "--silent", "build"], { cwd: folder });
  return folder;
}

/** What .dockerignore lets in, but for the bundle, which is made of the rest. */
async function listSources(folder: string): Promise<string[]> {
  const rules = (await readFile(join(folder, ".dockerignore"), "utf8").catch(() => "")).split("\n");
  const letIn = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1).split("/")[0] ?? "");
  const there = await readdir(folder);
  const names = letIn.length > 0 ? ["Dockerfile", ".dockerignore", ...letIn] : there;
  return [...new Set(names)].filter((name) => name !== "dist" && there.includes(name)).sort();
}

async function migratorContext(migrationsDir: string): Promise<string> {
  const context = await prepareContext(migratorDockerfile);
  await cp(migrationsDir, join(context, "migrations"), { recursive: true });
  return context;
}

function externalAgent(): string {
  const reference = process.env.HEADGATE_TEST_IMAGE;
  if (reference) return reference;
  throw new Error("Name the agent's image that the cluster of HEADGATE_TEST_KUBECONFIG has in HEADGATE_TEST_IMAGE.");
}

/** With Docker, and a command that hands an image to the cluster, such as `kind load docker-image`. */
async function buildExternally(reference: string, migrationsDir: string): Promise<string> {
  const loader = process.env.HEADGATE_TEST_IMAGE_LOADER?.split(" ");
  if (loader === undefined) throw new Error("Set HEADGATE_TEST_IMAGE_LOADER, for example to: kind load docker-image");
  const context = join(currentCluster().scratch, `migrator-${hashTexts(reference)}`);
  await mkdir(context, { recursive: true });
  await writeFile(join(context, "Dockerfile"), migratorDockerfile);
  await cp(migrationsDir, join(context, "migrations"), { recursive: true });
  const timeoutMs = 600_000;
  await run(["docker", "build", "--build-arg", `AGENT=${externalAgent()}`, "--tag", reference, context], { timeoutMs });
  await run([...loader, reference], { timeoutMs });
  return reference;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
