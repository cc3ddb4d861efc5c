import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode, readTextIfThere } from "../lib/files.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Pod, Release } from "./release.ts";
import { parseSettings, type Settings } from "./settings.ts";

/** Settings at the desk: the values file, which may be left out. */
export async function loadDeskSettings(valuesFile: string | undefined): Promise<Settings> {
  if (valuesFile === undefined) return await parseSettings(undefined, "desk");
  return await parseSettings(await parseYaml(readValues(valuesFile), valuesFile), "desk", valuesFile);
}

function readValues(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new HeadgateError("bad-settings", {
      what: `${file} cannot be read (${errorCode(error) ?? "unknown error"})`,
      cause: error,
    });
  }
}

async function parseYaml(text: string, file: string): Promise<unknown> {
  // By its default export, the only one that a bundler leaves to a CommonJS module that is loaded late.
  const { default: yaml } = await import("yaml");
  try {
    return yaml.parse(text);
  } catch (error) {
    throw new HeadgateError("bad-settings", {
      what: `${file} is not YAML`,
      details: reasonOf(error).split("\n"),
      cause: error,
    });
  }
}

export interface PodFacts {
  readonly settings: Settings;
  readonly pod: Pod;
}

const isRelease = (value: unknown): value is Release =>
  typeof value === "object" && value !== null && "name" in value && "deadlineSeconds" in value;

function parseJson(text: string | undefined, file: string): unknown {
  try {
    if (text !== undefined) return JSON.parse(text);
  } catch (error) {
    throw new HeadgateError("bad-settings", { what: `${file} is not JSON`, cause: error });
  }
  throw new HeadgateError("bad-settings", {
    what: `${file} is missing`,
    fix: "the pod's downwardAPI volume has to show its annotations there; render the Job with Headgate's chart",
  });
}

/** Settings in a pod: the downwardAPI folder that shows the pod's own annotations and labels. */
export async function loadPod(folder: string): Promise<PodFacts> {
  const read = (name: string) => readTextIfThere(join(folder, name));
  const [settingsText, releaseText] = ["settings.json", "release.json"].map(read);
  const [name, namespace, jobUid, jobName] = ["name", "namespace", "job-uid", "job-name"].map(read);
  const release = parseJson(releaseText, join(folder, "release.json"));
  if (!isRelease(release)) {
    throw new HeadgateError("bad-settings", { what: `${join(folder, "release.json")} does not name a release` });
  }
  const settings = await parseSettings(
    parseJson(settingsText, join(folder, "settings.json")),
    "pod",
    "the pod's settings",
  );
  const pod = {
    name: name ?? "",
    namespace: namespace ?? release.namespace,
    jobUid: jobUid ?? "",
    jobName: jobName ?? "",
    release,
  };
  return { settings, pod };
}
