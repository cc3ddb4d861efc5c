import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import { cacheFolder, say } from "./paths.ts";
import { run } from "./run.ts";

/** An image as a file that a container runtime can import. */
export interface Image {
  readonly reference: string;
  readonly archive: string;
}

export interface Recipe {
  /** The name that the cluster shall know it by. */
  readonly reference: string;
  /** Hash of everything that goes in: same key, same image, no build. */
  readonly key: string;
  /** Images that its Dockerfile names in FROM. */
  readonly parents?: readonly Image[];
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Nothing is built on it. */
  readonly isLeaf?: boolean;
  /** Prepares the build's folder and returns it; called only when there is something to build. */
  readonly context: () => Promise<string>;
}

const keptArchives = 8;
const storedImages = 100;

/** Mounts that a killed build leaves behind vanish with its namespaces. */
export const isolated = [
  ...["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"],
];

/** Builds an image, or finds it in the cache. To be called under the lock "images". */
export async function ensureImage(recipe: Recipe): Promise<Image> {
  const [repository = "image"] = recipe.reference.split(/:(?=[^/]*$)/);
  const folder = await cacheFolder("images", repository.replaceAll("/", "-"));
  const archive = join(folder, `${recipe.key}.tar`);
  const image = { reference: recipe.reference, archive };
  const now = new Date();
  const isCached = await utimes(archive, now, now).then(
    () => true,
    () => false,
  );
  if (isCached) return image;
  const logFile = join(await cacheFolder("logs"), `image-${basename(folder)}.log`);
  say(`building the image ${recipe.reference} (log: ${logFile})`);
  await build(recipe, archive, await prepareStore(logFile));
  await keepNewest(folder);
  return image;
}

type Buildah = (...args: readonly string[]) => Promise<unknown>;

async function build(recipe: Recipe, archive: string, buildah: Buildah): Promise<void> {
  for (const parent of recipe.parents ?? []) await buildah("pull", "--quiet", `docker-archive:${parent.archive}`);
  const context = await recipe.context();
  const args = Object.entries(recipe.buildArgs ?? {}).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  const options = ["--isolation", "chroot", "--pull-never"];
  await buildah("bud", ...options, ...args, "--tag", recipe.reference, context);
  const scratch = `${archive}.partial`;
  await rm(scratch, { force: true });
  // of the archives, Docker's is the one that is not compressed: nobody downloads these
  await buildah("push", "--quiet", recipe.reference, `docker-archive:${scratch}:${recipe.reference}`);
  await rename(scratch, archive);
  if (recipe.isLeaf) await buildah("rmi", recipe.reference);
  await boundStore(buildah);
}

/** Archives are what is kept; the store may be emptied at any time, it only saves repeated steps. */
async function boundStore(buildah: Buildah): Promise<void> {
  const images = await readdir(await cacheFolder("buildah", "store", "overlay-images"));
  if (images.length > storedImages) await buildah("rmi", "--all", "--force");
}

/** The kernel's overlay is what containerd needs here anyway; copying whole file trees takes ten times as long. */
async function prepareStore(logFile: string): Promise<Buildah> {
  const root = await cacheFolder("buildah", "store");
  const store = ["--storage-driver", "overlay", "--root", root, "--runroot", await cacheFolder("buildah", "run")];
  return (...args) => run([...isolated, "buildah", ...store, ...args], { logFile, timeoutMs: 20 * 60_000 });
}

/** Every change of the agent makes an image of some hundred megabytes. */
async function keepNewest(folder: string): Promise<void> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const ages = await Promise.all(files.map(async (file) => ({ file, usedAt: (await stat(file)).mtimeMs })));
  for (const { file } of ages.toSorted((a, b) => b.usedAt - a.usedAt).slice(keptArchives)) await rm(file);
}
