import { HeadgateError } from "../errors/headgate-error.ts";
import { parsePort } from "./port.ts";

export interface UrlParts {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** What stands behind the question mark, decoded; a plus is a plus. */
  readonly parameters: ReadonlyMap<string, string>;
}

const refuse = (source: string, why: string): HeadgateError =>
  new HeadgateError("no-connection", {
    what: `${source} is not a connection URL: ${why}`,
    fix: "write postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE, with every special character percent-encoded (@ is %40, / is %2F, # is %23)",
    stands: "nothing was changed",
  });

function decode(text: string | undefined, source: string): string | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse(source, "a % in it is not followed by two hexadecimal digits");
  }
}

function parametersOf(query: string, source: string): ReadonlyMap<string, string> {
  const pairs = query.split("&").filter((pair) => pair !== "");
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      return [decode(name, source) ?? "", decode(value, source) ?? ""] as const;
    }),
  );
}

/** Host and port: a name, an IPv4 address, an IPv6 address in brackets, or an encoded folder of a Unix socket. */
function hostOf(text: string, source: string): { host: string | undefined; port: string | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw refuse(source, "its host cannot be told from its port");
  if (host.includes(",")) throw refuse(source, "it names several hosts; name one");
  return { host: decode(host, source), port };
}

/** Its text is not told: where the @ was forgotten, it is the password. */
function portIn(text: string | undefined, source: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  const port = parsePort(text);
  if (port === undefined) throw refuse(source, "its port is no number from 1 to 65535");
  return port;
}

/**
 * A libpq connection URL. Split by hand: URL would take `postgresql:///shop` for a host, and drop port 80. Its text never
 * enters an error, because it holds the password.
 */
export function parseUrl(text: string, source: string): UrlParts {
  const [, authority, path = "", query = ""] =
    /^postgres(?:ql)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/s.exec(text.trim()) ?? [];
  if (authority === undefined) {
    throw refuse(source, "it does not begin with postgresql://, or holds a # that is not encoded");
  }
  // A slash or question mark in the password has ended the authority too early.
  if (`${path}${query}`.includes("@")) throw refuse(source, "a special character in its password is not encoded");
  const at = authority.lastIndexOf("@");
  const [user, ...rest] = at < 0 ? [] : authority.slice(0, at).split(":");
  const { host, port } = hostOf(authority.slice(at + 1), source);
  const parameters = parametersOf(query, source);
  const get = (name: string) => parameters.get(name);
  return {
    host: get("host") ?? host,
    port: portIn(get("port") ?? port, source),
    database: decode(path, source) ?? get("dbname"),
    user: decode(user, source) ?? get("user"),
    password: decode(rest.length === 0 ? undefined : rest.join(":"), source) ?? get("password"),
    parameters,
  };
}
