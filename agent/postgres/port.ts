import { HeadgateError } from "../errors/headgate-error.ts";

/** A port from 1 to 65535, or undefined for anything else. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** A port as a variable or a Secret holds it; undefined when there is none. Throws `bad-settings`. */
export function portOf(text: string | undefined, source: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  const port = parsePort(text);
  if (port !== undefined) return port;
  throw new HeadgateError("bad-settings", {
    what: `${source}: "${text}" is not a port`,
    fix: "write a number from 1 to 65535",
    stands: "nothing was changed; the database was not contacted",
  });
}
