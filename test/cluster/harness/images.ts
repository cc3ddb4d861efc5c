import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureBase, prepareContext } from "./base-images.ts";
import { ensureBuild } from "./build-image.ts";
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

/** Hands an image to containerd, once a run. */
export async function loadImage(target: Pick<ClusterHandle, "containerd" | "scratch">, image: Image): Promise<void> {
  const mark = join(target.scratch, `loaded-${hashTexts(image.archive)}`);
  if (target.containerd === undefined || (await exists(mark))) return;
  await run(["ctr", "--address", target.containerd, "--namespace", "k8s.io", "images", "import", image.archive]);
  await writeFile(mark, "");
}

/** By the checkout's Dockerfile, its two bases replaced: no registry of images is needed. */
async function ensureAgent(folder: string): Promise<Image> {
  const base = await ensureBase();
  const build = await ensureBuild(base);
  const key = hashTexts(base.archive, build.archive, await hashFiles(folder, await listInputs(folder)));
  return ensureImage({
    reference: `localhost/headgate/agent:${key}`,
    key,
    parents: [base, build],
    buildArgs: { BASE: base.reference, BUILD: build.reference },
    hasSlowSteps: true,
    context: async () => folder,
  });
}

/** The build's context: all top-level entries but those that .dockerignore names. */
async function listInputs(folder: string): Promise<string[]> {
  const ignore = await readFile(join(folder, ".dockerignore"), "utf8").catch(() => "");
  const ignored = new Set(ignore.split("\n").map((line) => line.trim().replace(/^\/|\/$/g, "")));
  return (await readdir(folder)).filter((name) => !ignored.has(name)).sort();
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
