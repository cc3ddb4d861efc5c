import { userInfo } from "node:os";
import { HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import { renderError } from "../errors/render.ts";
import { createSigner } from "../history/sign.ts";
import { createDeadline, RESERVE_MS } from "../lib/deadline.ts";
import { readTextIfThere } from "../lib/files.ts";
import type { Io } from "../lib/io.ts";
import { createHumanLog, createLog } from "../lib/log.ts";
import { createRedactor, type Redactor } from "../lib/redact.ts";
import type { ConnectionSource } from "../postgres/connection.ts";
import { deskSource, secretSource, urlSource } from "../postgres/sources.ts";
import { formatOfFile, formats } from "../report/formats.ts";
import { loadDeskSettings, loadPod } from "../settings/load.ts";
import type { Pod } from "../settings/release.ts";
import type { Settings } from "../settings/settings.ts";
import type { Context } from "../stages/context.ts";
import { ontoFiles } from "../stages/going.ts";
import { inSchema, namesFor } from "../stages/schemas.ts";
import { readVerdict } from "../stages/verdict.ts";
import { type Args, textArg, textArgs } from "./command.ts";
import { agentVersion } from "./version.ts";

interface Loaded {
  readonly settings: Settings;
  readonly pod: Pod | undefined;
  readonly source: ConnectionSource;
}

async function load(args: Args, io: Io, redactor: Redactor): Promise<Loaded> {
  const podFolder = textArg(args, "pod");
  if (podFolder === undefined) {
    const settings = await loadDeskSettings(textArg(args, "values"));
    return { settings, pod: undefined, source: deskSource(io.env, settings.database, redactor) };
  }
  const { settings, pod } = await loadPod(podFolder);
  const folders = {
    secret: textArg(args, "secret") ?? "",
    ca: textArg(args, "ca"),
    clientCert: textArg(args, "client-cert"),
  };
  return { settings, pod, source: secretSource(folders, settings.database, redactor) };
}

/** What is left of the Job's deadline, counted from when the pod's first container began. A Job for backups has none. */
function timeLeft(command: string, pod: Pod | undefined, runFolder: string | undefined): number {
  if (pod === undefined || command === "backup") return Number.POSITIVE_INFINITY;
  const wait = runFolder === undefined ? undefined : readVerdict(runFolder, "wait");
  const used = wait === undefined ? 0 : Math.max(0, Date.now() - wait.startedAt);
  return Math.max(1_000, pod.release.deadlineSeconds * 1_000 - RESERVE_MS - used);
}

const applicationName = (command: string, pod: Pod | undefined): string =>
  pod === undefined
    ? `headgate:desk:${command}`
    : `headgate:${pod.release.name.slice(0, 20)}:${pod.release.revision}:${pod.name}`;

const HALTED =
  "a transaction under way was rolled back, and a file without one is gone on with where it stands by the next run";

const outOfTime = (): HeadgateError =>
  new HeadgateError("out-of-time", { what: "the Job's deadline came near", stands: HALTED });

const stopped = (signal: unknown): HeadgateError =>
  new HeadgateError("stopped", { what: `told to stop by ${String(signal)}`, stands: HALTED });

function stopSignal(io: Io): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(stopped(io.stop.reason));
  if (io.stop.aborted) abort();
  else io.stop.addEventListener("abort", abort, { once: true });
  return controller.signal;
}

/** Who sits at the desk, as far as the environment tells. */
function actorOf({ env }: Io): string {
  try {
    return env.USER || env.LOGNAME || userInfo().username;
  } catch {
    // A user id that no passwd file knows, as in a container.
    return "unknown";
  }
}

/** The key is read as it lies in the file, less a line end that an editor has left. */
function signerOf(path: string | undefined, redactor: Redactor): Context["signer"] {
  if (path === undefined) return undefined;
  const key = readTextIfThere(path)?.replace(/\r?\n$/, "");
  if (key === undefined || key.length < 16) {
    throw new HeadgateError("bad-settings", {
      what: `the signing key ${path} ${key === undefined ? "is not there" : "is shorter than 16 characters"}`,
      fix: "create the Secret that rollback.signing.existingSecret names, with 32 random characters or more under rollback.signing.key",
      stands: "nothing was changed; the database was not contacted",
    });
  }
  redactor.add(key);
  return (target) => createSigner(Buffer.from(key), target);
}

/** One line of the terminal that is written again and again, and is gone at the end. */
const tickerOn =
  ({ err }: Io) =>
  (text: string): void =>
    err(`\r\u001b[K${text}`);

function scratchSource({ env }: Io, redactor: Redactor): Context["scratch"] {
  const url = env.HEADGATE_REHEARSAL_URL ?? "";
  return url === "" ? undefined : urlSource(url, "HEADGATE_REHEARSAL_URL", redactor);
}

/** With the files that --report names. */
function withReportFiles(settings: Settings, args: Args): Settings {
  const paths = textArgs(args, "report");
  const odd = paths.find((path) => formatOfFile(path) === undefined);
  if (odd !== undefined) {
    throw new HeadgateError("usage", {
      what: `--report ${odd}: how the report is written, the file's ending tells`,
      fix: `let it end with ${formats.flatMap(({ ending }) => (ending === "" ? [] : [ending])).join(", ")}`,
    });
  }
  return { ...settings, report: { ...settings.report, files: [...settings.report.files, ...paths] } };
}

/** The chart names the folder for backups as it names every other one. */
function withBackupFolder(settings: Settings, args: Args): Settings {
  const path = textArg(args, "backups");
  if (path === undefined) return settings;
  const { backup } = settings;
  return { ...settings, backup: { ...backup, volume: { ...backup.volume, path } } };
}

/** The context of a run from its arguments. Rejects with `bad-settings`. */
export async function createContext(
  command: string,
  args: Args,
  { io, redactor }: { readonly io: Io; readonly redactor: Redactor },
): Promise<Context> {
  const { settings: loaded, pod, source } = await load(args, io, redactor);
  const settings = withBackupFolder(withReportFiles(loaded, args), args);
  const runFolder = textArg(args, "run");
  const deadline = createDeadline(timeLeft(command, pod, runFolder), outOfTime);
  const signer = signerOf(textArg(args, "signing-key"), redactor);
  const context: Context = {
    command,
    settings,
    names: namesFor(settings),
    dir: textArg(args, "dir") ?? settings.migrations.dir,
    source,
    pod,
    runFolder,
    actor: pod === undefined ? actorOf(io) : undefined,
    schema: undefined,
    signer,
    sign: signer?.(settings.history.target),
    going: ontoFiles,
    applicationName: applicationName(command, pod),
    agentVersion,
    deadline,
    signal: AbortSignal.any([stopSignal(io), deadline.signal]),
    log: await createLog(io.err, redactor, { ...settings.report.log, colour: io.colour }),
    env: io.env,
    ticker: io.colour && settings.report.log.format === "human" ? tickerOn(io) : undefined,
    scratch: scratchSource(io, redactor),
    s3: { secret: textArg(args, "s3-secret"), ca: textArg(args, "s3-ca"), redactor },
  };
  const schema = textArg(args, "schema");
  return schema === undefined ? context : inSchema(context, schema);
}

/**
 * Runs `work` with a context; whatever it rejects with ends on stderr as an error of the catalogue, and as its exit code.
 */
export async function withContext(
  command: string,
  { args, io }: { readonly args: Args; readonly io: Io },
  work: (context: Context, redactor: Redactor) => Promise<number>,
): Promise<number> {
  const redactor = createRedactor();
  let log = createHumanLog(io.err, redactor, { level: "info", colour: io.colour });
  try {
    const context = await createContext(command, args, { io, redactor });
    log = context.log;
    return await work(context, redactor);
  } catch (caught) {
    const error = toHeadgateError(caught);
    log.error(renderError(error), { id: error.id, exitCode: error.exitCode });
    return error.exitCode;
  }
}
