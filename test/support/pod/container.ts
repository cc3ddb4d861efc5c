import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Container } from "@kubernetes/client-node";
import { environmentOf, expand } from "./environment.ts";
import { refuseUnknown, requireValue } from "./fields.ts";
import { type Paths, pathsOf, rewrite } from "./paths.ts";
import { type Command, type Ended, type Ending, runProcess } from "./process.ts";
import { type ContainerResult, type Image, PodError, type PodIdentity, type Surroundings } from "./types.ts";
import type { Volume } from "./volumes.ts";

/** What the containers of one pod have in common. */
export interface PodHome {
  /** Folder of the pod's volumes and termination messages; also where the containers begin. */
  readonly path: string;
  readonly pod: PodIdentity;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly around: Surroundings;
}

export type Role = ContainerResult["role"];

/** A container whose manifest has been read, and which can be run as often as wanted. */
export interface Ready {
  readonly name: string;
  readonly role: Role;
  run(ending: Ending): Promise<ContainerResult>;
}

/** Kubernetes' own limits of a termination message. */
const MESSAGE_BYTES = 4096;
const FALLBACK_BYTES = 2048;
const FALLBACK_LINES = 80;

const lastBytes = (text: string, count: number): string => Buffer.from(text).subarray(-count).toString();

function terminationMessage(container: V1Container, file: string, { exitCode, log }: Ended): string {
  const written = Buffer.from(readFileSync(file)).subarray(0, MESSAGE_BYTES).toString();
  const fallsBack = container.terminationMessagePolicy === "FallbackToLogsOnError";
  if (written !== "" || !fallsBack || exitCode === 0) return written;
  return lastBytes(log.split("\n").slice(-FALLBACK_LINES).join("\n"), FALLBACK_BYTES);
}

function imageOf({ name, image = "" }: V1Container, around: Surroundings): Image {
  const found = around.images[image];
  if (found === undefined) throw new PodError(`container ${name}: no image ${image} (ErrImagePull)`);
  return found;
}

function workingDir(container: V1Container, paths: Paths, home: string): string {
  if (container.workingDir === undefined) return home;
  const here = rewrite(container.workingDir, paths);
  if (here !== container.workingDir) return here;
  throw new PodError(`container ${container.name}: workingDir ${here} is in no mount and not in the image`);
}

function commandOf(container: V1Container, image: Image, { home, paths }: { home: PodHome; paths: Paths }): Command {
  const env = environmentOf(container, image, home);
  const local = (text: string) => rewrite(text, paths);
  const typed = (texts: readonly string[] = []) => texts.map((text) => local(expand(text, env)));
  const argv = [...(container.command ? typed(container.command) : image.entrypoint), ...typed(container.args)];
  // Where the container has a /tmp of its own, what it writes to "the temporary folder" goes there.
  const temporary = paths.has("/tmp") ? { TMPDIR: local("/tmp") } : {};
  const values = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, local(value)]));
  return { argv, env: { ...temporary, ...values }, cwd: workingDir(container, paths, home.path) };
}

/** Reads one container of the manifest. Throws what Kubernetes would refuse or this machine cannot stand for. */
export function prepareContainer(container: V1Container, role: Role, home: PodHome): Ready {
  const { name } = container;
  refuseUnknown(container, "container", `container ${name}`);
  requireValue(
    container.restartPolicy,
    [role === "sidecar" ? "Always" : undefined],
    `container ${name}: restartPolicy`,
  );
  const policies = [undefined, "File", "FallbackToLogsOnError"];
  requireValue(container.terminationMessagePolicy, policies, `container ${name}: terminationMessagePolicy`);
  const messages = join(home.path, "termination");
  mkdirSync(messages, { recursive: true });
  const terminationLog = join(messages, name);
  const image = imageOf(container, home.around);
  const paths = pathsOf(container, { image, volumes: home.volumes, terminationLog });
  const command = commandOf(container, image, { home, paths });
  return {
    name,
    role,
    async run(ending) {
      writeFileSync(terminationLog, "");
      const ended = await runProcess(command, ending);
      return { name, role, ...ended, terminationMessage: terminationMessage(container, terminationLog, ended) };
    },
  };
}
