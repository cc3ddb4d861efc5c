import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { hashTexts } from "../../cluster/harness/hash.ts";
import { withLock } from "../../cluster/harness/lock.ts";
import { cacheFolder, repository } from "../../cluster/harness/paths.ts";
import { run } from "../../cluster/harness/run.ts";

const module = join(repository, "test/services");
const TOOL = /^(?:tool )?\s*(\S+)$/;

/** The package of a tool line whose path ends with this name; the tool lines of go.mod say which there are. */
function packageOf(name: string, goMod: string): string {
  const packages = goMod.split("\n").flatMap((line) => TOOL.exec(line)?.[1] ?? []);
  const found = packages.find((one) => one.includes("/") && basename(one) === name);
  if (found === undefined) throw new Error(`test/services/go.mod has no tool line for ${name}.`);
  return found;
}

/** The program of a tool line in go.mod, built once a version into the cache. */
export async function goTool(name: string): Promise<string> {
  const [goMod = "", goSum = ""] = await Promise.all(
    ["go.mod", "go.sum"].map((file) => readFile(join(module, file), "utf8")),
  );
  const { stdout: platform } = await run(["go", "env", "GOOS", "GOARCH", "GOVERSION"], { cwd: module });
  // Of a program of our own there is a folder here.
  const own = await readFile(join(module, name, "main.go"), "utf8").catch(() => "");
  const target = join(await cacheFolder("tools"), `${name}-${hashTexts(goMod, goSum, platform, own)}`);
  if (!(await exists(target))) {
    await withLock(`build-${name}`, async () => {
      if (!(await exists(target))) await build(packageOf(name, goMod), target);
    });
  }
  return target;
}

async function build(what: string, target: string): Promise<void> {
  const logFile = join(await cacheFolder("logs"), `build-${basename(what)}.log`);
  process.stderr.write(`headgate services: building ${what}, once (log: ${logFile})\n`);
  const scratch = await mkdtemp(`${target}.`);
  try {
    const program = join(scratch, "program");
    await run(["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, what], {
      cwd: module,
      env: { CGO_ENABLED: "0" },
      timeoutMs: 30 * 60_000,
      logFile,
    });
    await rename(program, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
