import { pino } from "pino";
import type { Fields, Log } from "./log.ts";

/** pino's JSON lines for a log collector; a line is written before the call returns. */
export function createJsonLog(write: (line: string) => void, level: string): Log {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
  const writer =
    (name: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Fields = {}) =>
      logger[name](fields, message);
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}
