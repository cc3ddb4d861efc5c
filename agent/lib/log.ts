import { styleText } from "node:util";
import { plainTerminal } from "./plain.ts";
import type { Redactor } from "./redact.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

export interface LogOptions {
  readonly level: Level;
  readonly format: "human" | "json";
  readonly colour: boolean;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Talk, on stderr. Data goes to stdout by another way. */
export type Log = Readonly<Record<Level, (message: string, fields?: Fields) => void>>;

type Write = (text: string) => void;

interface Mark {
  readonly label: string;
  readonly colour: Parameters<typeof styleText>[0];
}

const MARKS: Readonly<Record<Level, Mark | undefined>> = {
  debug: { label: "debug", colour: "gray" },
  info: undefined,
  warn: { label: "warning  ", colour: "yellow" },
  error: { label: "error  ", colour: "red" },
};

/** Lines for people, written at once: the last line before a crash is the one that matters. */
export function createHumanLog(write: Write, redactor: Redactor, options: Omit<LogOptions, "format">): Log {
  const least = LEVELS.indexOf(options.level);
  const writer = (level: Level) => (message: string) => {
    if (LEVELS.indexOf(level) < least) return;
    const { label = "", colour = "reset" } = MARKS[level] ?? {};
    const head = options.colour && label !== "" ? styleText(colour, label) : label;
    write(redactor.clean(`${head}${plainTerminal(message)}\n`));
  };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}

/** The same log, in which what goes well is a detail. */
export const quiet = (log: Log): Log => ({ ...log, info: log.debug });

/** The same log, which says each warning once. */
export function warningOnce(log: Log, said: Set<string>): Log {
  return {
    ...log,
    warn(message, fields) {
      if (said.has(message)) return;
      said.add(message);
      log.warn(message, fields);
    },
  };
}

/** The log that the settings ask for. pino writes the JSON lines, and is loaded only for them. */
export async function createLog(write: Write, redactor: Redactor, options: LogOptions): Promise<Log> {
  if (options.format === "human") return createHumanLog(write, redactor, options);
  const { createJsonLog } = await import("./json-log.ts");
  return createJsonLog((line) => write(redactor.clean(line)), options.level);
}
