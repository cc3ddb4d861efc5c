import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { V1KeyToPath, V1Volume } from "@kubernetes/client-node";
import { downward } from "./downward.ts";
import { refuseUnknown } from "./fields.ts";
import { type Data, readStore } from "./stores.ts";
import { PodError, type PodToRun, type Surroundings } from "./types.ts";

/** A volume as a folder of this machine. */
export interface Volume {
  readonly path: string;
  readonly writable: boolean;
}

interface File {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

interface Source {
  readonly volume: V1Volume;
  readonly pod: PodToRun;
  readonly around: Surroundings;
}

const DEFAULT_MODE = 0o644;

interface Projection {
  readonly items?: readonly V1KeyToPath[] | undefined;
  readonly defaultMode?: number | undefined;
  readonly optional?: boolean | undefined;
}

/** The keys of a Secret or ConfigMap as files: all of them, or the chosen ones. */
function project(data: Data, { items, defaultMode = DEFAULT_MODE, optional }: Projection, where: string): File[] {
  if (items === undefined) {
    return Object.entries(data).map(([path, text]) => ({ path, text, mode: defaultMode }));
  }
  return items.flatMap((item) => {
    refuseUnknown(item, "item", where);
    const text = data[item.key];
    if (text !== undefined) return [{ path: item.path, text, mode: item.mode ?? defaultMode }];
    if (optional) return [];
    throw new PodError(`${where}: references non-existent key ${item.key}`);
  });
}

function secretFiles({ volume, around }: Source): File[] {
  const { secret = {}, name } = volume;
  refuseUnknown(secret, "secret", `volume ${name}`);
  const store = { kind: "secret", name: secret.secretName ?? "", optional: secret.optional === true } as const;
  return project(readStore(store, around) ?? {}, secret, `volume ${name}`);
}

function configMapFiles({ volume, around }: Source): File[] {
  const { configMap = {}, name } = volume;
  refuseUnknown(configMap, "configMap", `volume ${name}`);
  const store = { kind: "configMap", name: configMap.name ?? "", optional: configMap.optional === true } as const;
  return project(readStore(store, around) ?? {}, configMap, `volume ${name}`);
}

function downwardFiles({ volume, pod }: Source): File[] {
  const { downwardAPI = {}, name } = volume;
  refuseUnknown(downwardAPI, "downwardAPI", `volume ${name}`);
  return (downwardAPI.items ?? []).map((item) => {
    refuseUnknown(item, "item", `volume ${name}`);
    if (item.fieldRef === undefined) throw new PodError(`volume ${name}: ${item.path} has no fieldRef`);
    const mode = item.mode ?? downwardAPI.defaultMode ?? DEFAULT_MODE;
    return { path: item.path, text: downward(item.fieldRef, pod.identity), mode };
  });
}

const FILES = { secret: secretFiles, configMap: configMapFiles, downwardAPI: downwardFiles } as const;
type Filled = keyof typeof FILES;

const isFilled = (kind: string): kind is Filled => Object.keys(FILES).includes(kind);

/** What a claim holds was there before the pod, and stays. */
function claimed({ volume, around }: Source): Volume {
  const { persistentVolumeClaim: claim = { claimName: "" }, name } = volume;
  refuseUnknown(claim, "persistentVolumeClaim", `volume ${name}`);
  const path = around.claims?.[claim.claimName];
  if (path === undefined) throw new PodError(`persistentvolumeclaim "${claim.claimName}" not found`);
  return { path, writable: claim.readOnly !== true };
}

function makeVolume(source: Source, path: string): Volume {
  const { name, ...kinds } = source.volume;
  const [kind = "nothing", ...more] = Object.entries(kinds).flatMap(([key, value]) => (value ? [key] : []));
  mkdirSync(path, { recursive: true });
  if (kind === "emptyDir" && more.length === 0) {
    refuseUnknown(source.volume.emptyDir ?? {}, "emptyDir", `volume ${name}`);
    chmodSync(path, 0o777);
    return { path, writable: true };
  }
  if (kind === "persistentVolumeClaim" && more.length === 0) return claimed(source);
  if (!isFilled(kind) || more.length > 0) {
    throw new PodError(`volume ${name}: the pod runner cannot honour ${[kind, ...more].join(" with ")}`);
  }
  for (const file of FILES[kind](source)) writeFile(join(path, file.path), file);
  chmodSync(path, 0o555);
  return { path, writable: false };
}

function writeFile(path: string, { text, mode }: File): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** Every volume of the pod as a folder below `home`, by name. A missing Secret that is not optional is an error. */
export function makeVolumes(pod: PodToRun, home: string, around: Surroundings): ReadonlyMap<string, Volume> {
  const volumes = new Map<string, Volume>();
  for (const volume of pod.spec.volumes ?? []) {
    try {
      volumes.set(volume.name, makeVolume({ volume, pod, around }, join(home, "volumes", volume.name)));
    } catch (error) {
      if (!(error instanceof PodError) || error.message.startsWith("volume ")) throw error;
      throw new PodError(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`);
    }
  }
  return volumes;
}

/** Lets an ordinary user remove folders that were read-only for the containers. */
export function unlockVolumes(volumes: ReadonlyMap<string, Volume>): void {
  for (const { path } of volumes.values()) chmodSync(path, 0o755);
}
