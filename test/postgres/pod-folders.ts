import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { folder, type Result, type Running, startHeadgate } from "../support/headgate.ts";

/** The folders that the chart mounts into a migrate Job's pod, and its three containers. */
export interface PodFolders {
  readonly run: string;
  /** Replaces the files of the Secret. */
  secret(keys: Readonly<Record<string, string>>): void;
  settings(text: string | Readonly<Record<string, unknown>>): void;
  start(container: "wait" | "migrate" | "smoke" | "revert", ...args: readonly string[]): Running;
  container(container: "wait" | "migrate" | "smoke" | "revert", ...args: readonly string[]): Promise<Result>;
  /** The termination message of a container. */
  termination(container: "migrate" | "smoke"): string;
  /** The verdict of a container, or undefined. */
  verdict(container: "wait" | "migrate"): { exitCode: number; error?: { id: string } } | undefined;
  remove(): void;
}

const RELEASE = {
  name: "shop",
  namespace: "web",
  revision: 7,
  chart: "headgate-0.1.0",
  image: "registry.example/shop-migrations:1.2.3",
  deadlineSeconds: 225,
  graceSeconds: 60,
};

export function podFolders(migrations: string): PodFolders {
  const root = folder({});
  const at = (...parts: readonly string[]) => join(root.path, ...parts);
  mkdirSync(at("run"));
  mkdirSync(at("secret"));
  root.write({
    "pod/release.json": JSON.stringify(RELEASE),
    "pod/name": "shop-migrate-x1z2",
    "pod/namespace": "web",
    "pod/job-uid": "0c1b7f3e-1111-4222-8333-444455556666",
    "pod/job-name": "shop-migrate",
  });
  const start = (container: string, ...args: readonly string[]): Running => {
    const folders = ["--pod", at("pod"), "--secret", at("secret"), "--run", at("run"), "--dir", migrations];
    const log = container === "wait" ? [] : ["--termination-log", at(`${container}.log`)];
    return startHeadgate([container, ...folders, ...log, ...args]);
  };
  return {
    run: at("run"),
    secret(keys) {
      rmSync(at("secret"), { recursive: true });
      mkdirSync(at("secret"));
      root.write(Object.fromEntries(Object.entries(keys).map(([key, value]) => [`secret/${key}`, value])));
    },
    settings: (text) => root.write({ "pod/settings.json": typeof text === "string" ? text : JSON.stringify(text) }),
    start,
    container: async (container, ...args) => await start(container, ...args).result,
    termination: (container) =>
      existsSync(at(`${container}.log`)) ? readFileSync(at(`${container}.log`), "utf8") : "",
    verdict: (container) =>
      existsSync(at("run", `${container}.json`))
        ? JSON.parse(readFileSync(at("run", `${container}.json`), "utf8"))
        : undefined,
    remove: root.remove,
  };
}
