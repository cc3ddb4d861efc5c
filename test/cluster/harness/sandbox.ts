import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { identify, type ProcessId } from "./process-id.ts";
import { type RunFolder, record } from "./run-folder.ts";

/**
 * Network, mount and process namespaces of one run. Nothing in them has a name on the machine, and all of it ends with
 * its first process, which ends when this process closes its stdin: even `kill -9` of the test runner leaves no process,
 * mount or interface behind.
 */
export interface Sandbox {
  readonly folder: RunFolder;
  readonly holder: ProcessId;
  /** Put before a command that shall run inside. */
  readonly enter: readonly string[];
  /** The same, but with the network namespace only: a client that reads and writes the machine's own files. */
  readonly enterNetwork: readonly string[];
  readonly process: ChildProcess;
}

/** Folders that daemons write to under fixed names; each gets one of the run's own instead. */
const privateFolders = ["/var/log", "/var/lib/kubelet", "/var/lib/cni"];

/** The kubelet sets these for the whole machine; inside it sets copies. */
const kernelSettings = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"];

/** $1 is the run's folder. `exit` at the end keeps the shell as process 1: it reaps what is orphaned to it. */
const firstProcess = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock /run/settings
for folder in ${privateFolders.join(" ")}; do
  mkdir -p "$folder" "$1/private$folder"
  mount --bind "$1/private$folder" "$folder"
done
for setting in ${kernelSettings.join(" ")}; do
  copy=/run/settings/$(basename $setting)
  cat "/proc/sys/$setting" >"$copy"
  mount --bind "$copy" "/proc/sys/$setting"
done
echo ready
cat >/dev/null
exit 0`;

const unshare = ["--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"];

export async function createSandbox(folder: RunFolder): Promise<Sandbox> {
  mkdirSync(join(folder.path, "private"));
  const logFile = join(folder.path, "log/sandbox.log");
  const log = openSync(logFile, "a");
  // a session of its own: Ctrl-C on the terminal must not end it before the run has been put in order
  const child = spawn("unshare", [...unshare, "sh", "-c", firstProcess, "sh", folder.path], {
    stdio: ["pipe", "pipe", log],
    detached: true,
  });
  closeSync(log);
  const ended = once(child, "exit");
  const isReady = await Promise.race([
    new Promise<boolean>((resolve) => child.stdout?.once("data", () => resolve(true))),
    ended.then(() => false),
  ]);
  const holder = identify(child.pid ?? 0);
  if (!isReady || holder === undefined) {
    child.kill("SIGKILL");
    throw new Error(`The namespaces could not be made; see ${logFile}`);
  }
  record(folder, holder);
  child.unref();
  return { folder, holder, process: child, ...entries(holder.pid) };
}

/** Ends everything inside. When this returns, the kernel has ended and reaped it all. */
export async function endSandbox(sandbox: Sandbox): Promise<void> {
  if (sandbox.process.exitCode !== null || sandbox.process.signalCode !== null) return;
  const ended = once(sandbox.process, "exit");
  sandbox.process.ref();
  sandbox.process.stdin?.end();
  const timer = setTimeout(() => sandbox.process.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}

function entries(pid: number): Pick<Sandbox, "enter" | "enterNetwork"> {
  const network = ["nsenter", `--net=/proc/${pid}/ns/net`];
  // the holder itself stays outside of the process namespace that it made for its children
  const rest = [`--mount=/proc/${pid}/ns/mnt`, `--pid=/proc/${pid}/ns/pid_for_children`];
  return { enter: [...network, ...rest], enterNetwork: network };
}
