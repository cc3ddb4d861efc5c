import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { hashTexts } from "./hash.ts";
import { ensureImage, type Image, isolated } from "./image-store.ts";
import { withLock } from "./lock.ts";
import { pauseImage } from "./node-config.ts";
import { cacheDir, cacheFolder } from "./paths.ts";
import { run } from "./run.ts";

const pauseSource = `#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int number) { (void)number; _exit(0); }
static void reap(int number) { (void)number; while (waitpid(-1, 0, WNOHANG) > 0) {} }
int main(void) {
  signal(SIGINT, leave);
  signal(SIGTERM, leave);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
`;

const pauseDockerfile = 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n';

const baseDockerfile = "FROM scratch\nADD rootfs.tar /\nCOPY node /usr/local/bin/node\n";

const bootstrap = [
  ...["mmdebstrap", "--mode=root", "--variant=essential", "--aptopt=Acquire::Languages none"],
  ...["doc", "man", "locale", "info"].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
  "--include=ca-certificates,libstdc++6",
  "bookworm",
];

/** What the container runtime needs for each pod, and what the agent's Dockerfile builds on without a registry. */
export const ensureBaseImages = (): Promise<Image[]> =>
  withLock("images", async () => [await ensurePause(), await ensureBase()]);

/** Debian and the Node of this checkout's lockfile. To be called under the lock "images". */
export async function ensureBase(): Promise<Image> {
  const manifest = createRequire(import.meta.url).resolve("node/package.json");
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  return ensureImage({
    reference: "localhost/base:1",
    key: hashTexts(bootstrap.join("\n"), baseDockerfile, version),
    context: async () => {
      const context = await prepareContext(baseDockerfile);
      const logFile = join(await cacheFolder("logs"), "image-rootfs.log");
      await run([...isolated, ...bootstrap, join(context, "rootfs.tar")], { logFile, timeoutMs: 15 * 60_000 });
      await copyFile(join(dirname(manifest), "bin/node"), join(context, "node"));
      return context;
    },
  });
}

function ensurePause(): Promise<Image> {
  return ensureImage({
    reference: pauseImage,
    key: hashTexts(pauseSource, pauseDockerfile),
    context: async () => {
      const context = await prepareContext(pauseDockerfile);
      await writeFile(join(context, "pause.c"), pauseSource);
      await run(["gcc", "-static", "-Os", "-o", join(context, "pause"), join(context, "pause.c")]);
      return context;
    },
  });
}

/** A build folder with its Dockerfile; that of the build before goes first, there is one at a time. */
export async function prepareContext(dockerfile: string): Promise<string> {
  const context = join(cacheDir(), "build");
  await rm(context, { recursive: true, force: true });
  await mkdir(context, { recursive: true });
  await writeFile(join(context, "Dockerfile"), dockerfile);
  return context;
}
