import { HeadgateError } from "../errors/headgate-error.ts";

/** A port number as people write it; undefined when there is none. */
export function portOf(text: string | undefined, source: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new HeadgateError("bad-settings", {
    what: `${source}: "${text}" is not a port`,
    fix: "write a number from 1 to 65535",
    stands: "nothing was changed; the database was not contacted",
  });
}
