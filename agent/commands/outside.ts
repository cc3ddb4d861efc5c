import { readTextIfThere } from "../lib/files.ts";
import type { Io } from "../lib/io.ts";
import type { Redactor } from "../lib/redact.ts";
import { decoded } from "../report/post.ts";
import type { Outside, SecretUrl } from "../report/sink.ts";
import type { Context } from "../stages/context.ts";
import { type Args, textArg } from "./command.ts";

export interface Tools {
  readonly args: Args;
  readonly io: Io;
  readonly redactor: Redactor;
}

/** What is shorter may be an ordinary word, which would be blanked out everywhere. */
const SECRET = 12;

/** All of a URL, and the parts of it that are worth as much. */
function hide(text: string, redactor: Redactor): void {
  redactor.add(text);
  const url = URL.parse(text);
  if (url === null) return;
  redactor.add(url.password);
  redactor.add(decoded(url.password));
  for (const part of [`${url.pathname}${url.search}`, url.username]) if (part.length >= SECRET) redactor.add(part);
}

interface Place {
  readonly path: string | undefined;
  readonly variable: string;
}

function textOrNone(path: string): string | undefined {
  try {
    return readTextIfThere(path);
  } catch {
    return undefined;
  }
}

/** The file that the chart mounts; at the desk, the variable. */
function secretUrl({ path, variable }: Place, { io, redactor }: Tools): SecretUrl | undefined {
  const given = path === undefined ? io.env[variable] : textOrNone(path);
  const url = given?.trim();
  if (url !== undefined && url !== "") hide(url, redactor);
  if (path !== undefined) return { from: `the Secret's file ${path}`, url: url || undefined };
  return url ? { from: variable, url } : undefined;
}

/** Keys of a collector stand in OTEL_EXPORTER_OTLP_HEADERS and its like. */
function hideHeaders({ io, redactor }: Tools): void {
  for (const [name, value = ""] of Object.entries(io.env)) {
    if (!/^OTEL_.*_HEADERS$/.test(name)) continue;
    const secrets = value.split(",").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
    for (const secret of secrets) if (secret.length >= SECRET) redactor.add(secret);
  }
}

/** Whom the run tells. What is missing here is a warning of its sink's, no error of the run's. */
export function outsideOf({ settings }: Context, tools: Tools): Outside {
  const { args, io } = tools;
  hideHeaders(tools);
  const webhook = secretUrl({ path: textArg(args, "webhook"), variable: "HEADGATE_WEBHOOK_URL" }, tools);
  const slack = secretUrl({ path: textArg(args, "slack"), variable: "HEADGATE_SLACK_URL" }, tools);
  return { settings: settings.report, target: settings.history.target, webhook, slack, env: io.env };
}
