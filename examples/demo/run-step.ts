import { join } from "node:path";
import { headgate } from "../../test/support/headgate.ts";
import { runJob } from "../../test/support/pod/run-job.ts";
import { runPod } from "../../test/support/pod/run-pod.ts";
import type { ContainerResult, Image, JobReason, PodResult, Surroundings } from "../../test/support/pod/types.ts";
import { helmTemplate, hooks, type Manifest } from "../../test/support/tools.ts";
import { imageOf, SHOP } from "./images.ts";
import { CLAIM, type Finding } from "./looks.ts";
import { grouped, paint, print, printCommand, printLog, printVerdict, seconds } from "./screen.ts";
import type { Shop } from "./shop.ts";
import { commandOf, type Step } from "./steps.ts";
import { type TrafficReport, withTraffic } from "./traffic.ts";

export interface Demo {
  readonly shop: Shop;
  readonly images: Readonly<Record<string, Image>>;
  /** The folder of the claim that backups go to. */
  readonly backups: string;
  readonly signal: AbortSignal;
}

interface Outcome {
  readonly reason: JobReason;
  readonly message: string;
  readonly tries: readonly PodResult[];
}

const EVENTS = { install: "pre-install", upgrade: "pre-upgrade", test: "test", rollback: "pre-rollback" } as const;

type HelmStep = Step & { readonly verb: keyof typeof EVENTS };

interface Rendered {
  readonly workload: Manifest;
  readonly manifests: readonly Manifest[];
}

/** The Job or Pod that Helm would create for this step, out of the real rendering. */
async function render({ verb, set, revision }: HelmStep): Promise<Rendered> {
  const valuesFiles = [join(SHOP, "values.yaml")];
  const manifests = await helmTemplate({ namespace: "shop", valuesFiles, set, isUpgrade: verb !== "install" });
  const workload = hooks(manifests, EVENTS[verb]).find(({ kind }) => kind === "Job" || kind === "Pod");
  if (workload === undefined) throw new Error(`the chart renders no Job or Pod for ${EVENTS[verb]}`);
  return { workload: numbered(workload, revision), manifests };
}

/** `helm template` knows no revisions, and calls each the first. */
function numbered(workload: Manifest, revision: number): Manifest {
  const text = JSON.stringify(workload).replaceAll(String.raw`\"revision\":1`, String.raw`\"revision\":${revision}`);
  return JSON.parse(text) as Manifest;
}

async function runWorkload(workload: Manifest, around: Surroundings): Promise<Outcome> {
  if (workload.kind === "Job") return await runJob(workload, around);
  const pod = await runPod(workload, around);
  const well = pod.phase === "Succeeded";
  return { reason: well ? "Completed" : "BackoffLimitExceeded", message: `the Pod ${pod.phase}`, tries: [pod] };
}

const isDecisive = ({ role, exitCode }: ContainerResult): boolean => role !== "sidecar" && exitCode !== 0;

/** The exit code that decided, and the time it took. */
function verdict(step: Step, { reason, message, tries }: Outcome, started: number): Finding {
  const code = tries.at(-1)?.containers.find(isDecisive)?.exitCode ?? 0;
  const ok = code === step.exitCode && reason === step.reason;
  const pods = tries.length === 1 ? "one try" : `${tries.length} tries`;
  const end = reason === "Completed" ? "" : `\n     ${paint("dim", `${reason}: ${message}`)}`;
  return {
    ok,
    text: `expected exit code ${step.exitCode}, got ${code} ${paint("dim", `(${pods}, ${seconds(started)})`)}${end}`,
  };
}

function trafficFinding({ writes, longestMs, errors }: TrafficReport): Finding {
  const failed = `${errors.length} errors${errors.length === 0 ? "" : `, the first: ${errors[0]}`}`;
  return {
    ok: errors.length === 0 && writes > 0,
    text: `customers meanwhile: ${grouped(writes)} writes, the longest took ${Math.ceil(longestMs)} ms, ${failed}`,
  };
}

async function runUnderTraffic(step: Step, shop: Shop, run: () => Promise<Outcome>) {
  if (!step.traffic) return { outcome: await run(), findings: [] };
  const { result, traffic } = await withTraffic(shop, run);
  return { outcome: result, findings: [trafficFinding(traffic)] };
}

/** What somebody types at a desk, as a run of one container. */
async function runAtDesk({ verb }: Step, set: readonly string[], { shop, images, backups }: Demo): Promise<Outcome> {
  const [tag = ""] = set;
  const more: Partial<Record<Step["verb"], readonly string[]>> = {
    plan: ["--dir", images[imageOf(tag)]?.files?.["/migrations"] ?? ""],
    backup: [...set, "--backups", backups],
  };
  const typed = more[verb] ?? set;
  const { code, stdout, stderr } = await headgate([verb, ...typed], { DATABASE_URL: shop.url, USER: "ada" });
  const exitCode = code ?? 1;
  const well = exitCode === 0;
  const reason = well ? "Completed" : "BackoffLimitExceeded";
  const log = stdout + stderr;
  const container: ContainerResult = { name: "headgate", role: "main", exitCode, log, terminationMessage: "" };
  const desk: PodResult = {
    name: "desk",
    phase: well ? "Succeeded" : "Failed",
    reason: undefined,
    containers: [container],
  };
  return { reason, message: `headgate ended with ${exitCode}`, tries: [desk] };
}

const isHelms = (step: Step): step is HelmStep => step.verb in EVENTS;

async function perform(
  step: Step,
  set: readonly string[],
  demo: Demo,
): Promise<{ outcome: Outcome; findings: Finding[] }> {
  const { shop, images, signal, backups } = demo;
  if (!isHelms(step)) return { outcome: await runAtDesk(step, set, demo), findings: [] };
  const { workload, manifests } = await render(step);
  const around = {
    images,
    manifests,
    signal,
    claims: { [CLAIM]: backups },
    secrets: { "shop-database": { uri: shop.url } },
  };
  return await runUnderTraffic(step, shop, () => runWorkload(workload, around));
}

/** Renders, runs and judges one step; true when everything was as expected. */
export async function runStep(step: Step, title: string, demo: Demo): Promise<boolean> {
  const { shop, signal } = demo;
  print(`\n${paint("bold", title)}`);
  const set = (await step.setNow?.(shop)) ?? step.set;
  printCommand(commandOf({ ...step, set }));
  const started = performance.now();
  const { outcome, findings } = await perform(step, set, demo);
  signal.throwIfAborted();
  const containers = outcome.tries.flatMap((pod) => pod.containers);
  for (const { name, log } of containers) printLog(name, log);
  const log = containers.map((container) => container.log).join("\n");
  const all = [verdict(step, outcome, started), ...findings, ...((await step.after?.(shop, log)) ?? [])];
  for (const { ok, text } of all) printVerdict(ok, text);
  print(`   ${paint("dim", `» ${step.point}`)}`);
  return all.every(({ ok }) => ok);
}
