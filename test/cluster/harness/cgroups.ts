import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A group of the run's own in every hierarchy, so that two kubelets on one machine never clean up each other's pods. */
export function createCgroups(name: string): void {
  for (const root of hierarchies()) {
    enableControllers(root);
    mkdirSync(join(root, name), { recursive: true });
    enableControllers(join(root, name));
  }
}

/** Removes the run's groups. Bounded: a group empties a moment after its last process has died. */
export function removeCgroups(name: string): void {
  for (let round = 0; round < 50 && findCgroups(name).length > 0; round++) {
    for (const group of findCgroups(name)) removeTree(group);
    if (findCgroups(name).length > 0) pause(100);
  }
}

/** The run's groups that exist. */
export const findCgroups = (name: string): string[] =>
  hierarchies()
    .map((root) => join(root, name))
    .filter((group) => existsSync(group));

/** Sleeps without the event loop, which an exit handler no longer has. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Version 1 mounts one hierarchy a controller, version 2 a single one; some machines have both. */
function hierarchies(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const points = mounts.map((line) => line.split(" ")).filter((fields) => /^cgroup2?$/.test(fields[2] ?? ""));
  return [...new Set(points.map((fields) => fields[1] ?? ""))];
}

/** Version 2 only: children get the controllers that their parent passes on. */
function enableControllers(group: string): void {
  const available = join(group, "cgroup.controllers");
  if (!existsSync(available)) return;
  for (const controller of readFileSync(available, "utf8").trim().split(" ").filter(Boolean)) {
    try {
      writeFileSync(join(group, "cgroup.subtree_control"), `+${controller}`);
    } catch {
      // not delegated here: the kubelet names the ones it really misses
    }
  }
}

function removeTree(group: string): void {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(group, entry.name));
    }
    rmdirSync(group);
  } catch {
    // still busy or gone already: the next round sees
  }
}
