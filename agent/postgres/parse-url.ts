import { HeadgateError } from "../errors/headgate-error.ts";

export interface UrlParts {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly parameters: URLSearchParams;
}

const refuse = (source: string, why: string): HeadgateError =>
  new HeadgateError("no-connection", {
    what: `${source} is not a connection URL: ${why}`,
    fix: "write postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE, with every special character percent-encoded (@ is %40, / is %2F, # is %23)",
  });

const decoded = (text: string, source: string): string | undefined => {
  try {
    return text === "" ? undefined : decodeURIComponent(text);
  } catch {
    throw refuse(source, "a % in it is not followed by two hexadecimal digits");
  }
};

/** A libpq connection URL. Its text never enters an error: it holds the password. */
export function parseUrl(text: string, source: string): UrlParts {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text.trim()) ?? [];
  if (rest === undefined) throw refuse(source, "it does not begin with postgresql://");
  // The scheme http lets URL parse the authority; with a scheme of its own it would take any host for opaque text.
  const url = URL.parse(`http://${rest}`) ?? URL.parse(`http://${rest.replace("@/", "@localhost/")}`);
  if (url === null) throw refuse(source, "host, port or an unencoded special character in the password");
  const parameters = url.searchParams;
  const portText = parameters.get("port") ?? portIn(rest) ?? url.port;
  return {
    host: parameters.get("host") ?? decoded(url.hostname.replace(/^\[(.*)\]$/, "$1"), source),
    port: portText === "" ? undefined : Number(portText),
    database: decoded(url.pathname.slice(1), source) ?? parameters.get("dbname") ?? undefined,
    user: decoded(url.username, source) ?? parameters.get("user") ?? undefined,
    password: decoded(url.password, source) ?? parameters.get("password") ?? undefined,
    parameters,
  };
}

/** URL drops a port that is its scheme's default, 80; here that is a port like any other. */
const portIn = (rest: string): string | undefined => /^[^/?#]*:(\d+)(?:[/?#]|$)/.exec(rest)?.[1];
