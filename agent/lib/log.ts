import { Writable } from "node:stream";
import { styleText } from "node:util";
import { pino } from "pino";
import type { Redactor } from "./redact.ts";

export interface LogOptions {
  readonly level: string;
  readonly format: "human" | "json";
  readonly colour: boolean;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Talk, on stderr. Data goes to stdout by another way. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

type Colour = Parameters<typeof styleText>[0];
interface Mark {
  readonly label: string;
  readonly colour: Colour;
}
const MARKS: Readonly<Record<number, Mark>> = {
  20: { label: "debug", colour: "gray" },
  30: { label: "", colour: "reset" },
  40: { label: "warning  ", colour: "yellow" },
  50: { label: "error  ", colour: "red" },
};

interface Line {
  readonly level: number;
  readonly msg: string;
}

const isLine = (value: unknown): value is Line => typeof value === "object" && value !== null && "msg" in value;

function humanLine(json: string, colour: boolean): string {
  const line: unknown = JSON.parse(json);
  if (!isLine(line)) return json;
  const mark = MARKS[line.level];
  const label = mark === undefined || mark.label === "" ? "" : mark.label;
  const painted = colour && mark !== undefined && label !== "" ? styleText(mark.colour, label) : label;
  return `${painted}${line.msg}\n`;
}

/** A pino logger that writes at once: the last line before a crash is the one that matters. */
export function createLog(write: (text: string) => void, redactor: Redactor, options: LogOptions): Log {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      const json = String(chunk);
      write(redactor.clean(options.format === "json" ? json : humanLine(json, options.colour)));
      done();
    },
  });
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}
