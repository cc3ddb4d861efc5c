import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { V1Container, V1VolumeMount } from "@kubernetes/client-node";
import { refuseUnknown } from "./fields.ts";
import { type Image, PodError } from "./types.ts";
import type { Volume } from "./volumes.ts";

/** Paths inside a container, and where each lies on this machine. */
export type Paths = ReadonlyMap<string, string>;

function mounted(mount: V1VolumeMount, volumes: ReadonlyMap<string, Volume>, where: string): string {
  refuseUnknown(mount, "mount", where);
  const volume = volumes.get(mount.name);
  if (volume === undefined) throw new PodError(`${where}: there is no volume ${mount.name}`);
  if (mount.readOnly && volume.writable) {
    throw new PodError(`${where}: the pod runner cannot honour readOnly on the emptyDir ${mount.name}`);
  }
  const path = join(volume.path, mount.subPath ?? "");
  if (volume.writable) mkdirSync(path, { recursive: true });
  if (!existsSync(path)) throw new PodError(`${where}: ${mount.subPath} is not in the volume ${mount.name}`);
  return path;
}

interface Inside {
  readonly image: Image;
  readonly volumes: ReadonlyMap<string, Volume>;
  /** The file of the container's termination message. */
  readonly terminationLog: string;
}

/** A mount hides what the image has at the same place. */
export function pathsOf(container: V1Container, { image, volumes, terminationLog }: Inside): Paths {
  const where = `container ${container.name}`;
  const mounts = (container.volumeMounts ?? []).map(
    (mount) => [mount.mountPath.replace(/(?<=.)\/$/, ""), mounted(mount, volumes, where)] as const,
  );
  return new Map([
    ...Object.entries(image.files ?? {}),
    [container.terminationMessagePath ?? "/dev/termination-log", terminationLog],
    ...mounts,
  ]);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Replaces each path of the container by the local one, the longest first and all in one pass, so that nothing is
 * replaced twice. Only whole paths and their children count: /tmp is neither in /tmpfs nor in /var/tmp.
 */
export function rewrite(text: string, paths: Paths): string {
  const inside = [...paths.keys()].toSorted((a, b) => b.length - a.length).map(escaped);
  if (inside.length === 0) return text;
  return text.replace(new RegExp(`(?<![\\w./-])(${inside.join("|")})(?![\\w.-])`, "g"), (path) => {
    return paths.get(path) ?? path;
  });
}
