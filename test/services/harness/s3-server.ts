import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MARK } from "../../support/canary.ts";
import { freePort } from "../../support/free-port.ts";
import { goTool } from "./go-tool.ts";

export const REGION = "eu-test-1";

export interface S3Server {
  readonly endpoint: string;
  readonly port: number;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The bucket's own folder: what really lies there, unfinished uploads too. */
  readonly folder: string;
  start(): Promise<void>;
  /** SIGKILL: nothing of it gets to tidy up. */
  kill(): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

export interface S3ServerOptions {
  /** Where it keeps everything; a fresh folder by default. */
  readonly home?: string;
  /** Speaks TLS with these files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** On a disk of that size; root alone can have one. */
  readonly mib?: number;
  /** Put before its command. */
  readonly enter?: readonly string[];
  /** The address it listens on, and as clients see it; the loopback by default. */
  readonly host?: string;
}

/** Ends with 0 when something listens; run where the server is, which may be another network. */
const knock = (host: string, port: number) =>
  `require("node:net").connect(${port}, "${host}").on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;

async function answers(knocking: readonly string[], child: ChildProcess): Promise<void> {
  const [program = "", ...args] = knocking;
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error(`versitygw ended with ${child.exitCode}`);
    const [code] = await once(spawn(program, args, { stdio: "ignore" }), "exit");
    if (code === 0) return;
    await sleep(50);
  }
  throw new Error("versitygw did not answer in 15 s");
}

/** Runs the rest of the command where a small file system lies over the folder, which goes when it does. */
const onSmallDisk = (folder: string, mib: number): string[] => [
  ...["unshare", "--mount", "--propagation", "private", "sh", "-c"],
  `mount -t tmpfs -o size=${mib}m tmpfs "$0" && mkdir "$0/backups" && exec "$@"`,
  folder,
];

/** A real S3 server with one bucket and keys of its own, on a free port. */
export async function startS3(options: S3ServerOptions = {}): Promise<S3Server> {
  const program = await goTool("versitygw");
  const home = options.home ?? mkdtempSync(join(tmpdir(), "headgate-s3-"));
  const host = options.host ?? "127.0.0.1";
  const port = await freePort();
  const [root, bucket] = [join(home, "root"), "backups"];
  mkdirSync(join(root, bucket), { recursive: true });
  const accessKeyId = `AK${randomBytes(9).toString("hex").toUpperCase()}`;
  const secretAccessKey = `${MARK}/${randomBytes(18).toString("base64")}`;
  const endpoint = `${options.tls === undefined ? "http" : "https"}://${host}:${port}`;
  const tls = options.tls === undefined ? [] : ["--cert", options.tls.cert, "--key", options.tls.key];
  const [command = "", ...args] = [
    ...(options.enter ?? []),
    ...(options.mib === undefined ? [] : onSmallDisk(root, options.mib)),
    ...[program, "--port", `${host}:${port}`, "--region", REGION, "--quiet", ...tls, "posix", root],
  ];
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const start = async () => {
    child = spawn(command, args, {
      env: { PATH: process.env.PATH, ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey },
      stdio: process.env.HEADGATE_TEST_VERBOSE ? "inherit" : "ignore",
    });
    await answers([...(options.enter ?? []), process.execPath, "--eval", knock(host, port)], child);
  };
  await start();
  const remove = async () => {
    await kill();
    rmSync(home, { recursive: true, force: true });
  };
  return { endpoint, port, bucket, accessKeyId, secretAccessKey, folder: join(root, bucket), start, kill, remove };
}
