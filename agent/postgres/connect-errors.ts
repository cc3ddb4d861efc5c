import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode } from "../lib/files.ts";
import { type Connection, describeConnection } from "./connection.ts";
import { isState, SQLSTATE, sqlstateOf } from "./sqlstate.ts";

const words = (error: unknown): string => {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  return inner instanceof Error ? inner.message : String(inner);
};

const TLS_CODES = /^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_SSL|EPROTO)/;

const tlsReasons: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by a CA that is not trusted here",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by a CA that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by a CA that is not trusted here",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate names another host",
};

function tlsProblem(error: unknown, connection: Connection): HeadgateError | undefined {
  const code = errorCode(error) ?? "";
  const refused = words(error).includes("does not support SSL");
  if (!refused && !TLS_CODES.test(code)) return undefined;
  const why = refused ? "it offers no TLS" : (tlsReasons[code] ?? words(error));
  return new HeadgateError("tls-failed", {
    what: `${connection.host}:${connection.port} does not meet TLS mode ${connection.tls.mode}: ${why}`,
    details: refused ? [] : [`the TLS library says: ${words(error)}`],
    ...(refused
      ? {
          fix: "switch TLS on in the server (ssl = on); or, where the network itself is trusted, write database.tls.mode: disable (at the desk: sslmode=disable)",
        }
      : {}),
    stands: "nothing was sent: no password, no query",
    cause: error,
  });
}

function refusedLogin(error: unknown, connection: Connection): HeadgateError | undefined {
  const where = describeConnection(connection);
  if (isState(error, SQLSTATE.invalidPassword, SQLSTATE.invalidAuthorization)) {
    return new HeadgateError("wrong-credentials", {
      what: `${where}: the server refuses the login (${sqlstateOf(error)})`,
      details: [`the server says: ${words(error)}`],
      stands: "nothing was changed",
      cause: error,
    });
  }
  if (words(error).includes("client password must be a string") || words(error).includes("SASL")) {
    return new HeadgateError("wrong-credentials", {
      what: `${where}: the server asks for a password and none was given`,
      stands: "nothing was changed",
      cause: error,
    });
  }
  if (isState(error, SQLSTATE.invalidCatalogName)) {
    return new HeadgateError("no-such-database", {
      what: `${where}: ${words(error)} (3D000)`,
      stands: "nothing was changed",
      cause: error,
    });
  }
  if (isState(error, SQLSTATE.insufficientPrivilege)) {
    return new HeadgateError("wrong-credentials", {
      what: `${where}: ${words(error)} (42501)`,
      fix: `grant it: GRANT CONNECT ON DATABASE "${connection.database}" TO "${connection.user}"`,
      cause: error,
    });
  }
  return undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name does not resolve (ENOTFOUND)",
  EAI_AGAIN: "the name server does not answer (EAI_AGAIN)",
  ECONNREFUSED: "the connection is refused (ECONNREFUSED): nothing listens there",
  ETIMEDOUT: "no answer (ETIMEDOUT): a firewall, or a server that is down",
  EHOSTUNREACH: "no route to the host (EHOSTUNREACH)",
  ENETUNREACH: "no route to the network (ENETUNREACH)",
  ECONNRESET: "the connection was cut (ECONNRESET)",
  ENOENT: "there is no such Unix socket (ENOENT)",
  "57P03": "the server is starting up or shutting down (57P03)",
  "57P01": "the server is shutting down (57P01)",
  "53300": "too many connections (53300)",
};

/** Why a connection is not there yet, for people. Unknown reasons are given in the driver's words. */
export function connectReason(error: unknown): string {
  if (words(error) === "timeout expired") return "no answer in time: a firewall, or a server that is overloaded";
  const code = error instanceof AggregateError ? errorCode(error.errors[0]) : errorCode(error);
  const said = sqlstateOf(error) === undefined ? "" : `: ${words(error)}`;
  return code !== undefined && code in reasons ? `${reasons[code]}${said}` : words(error);
}

/** The error that waiting cannot mend, or undefined when it is worth trying again. */
export function hopeless(error: unknown, connection: Connection): HeadgateError | undefined {
  if (error instanceof HeadgateError) return error;
  return tlsProblem(error, connection) ?? refusedLogin(error, connection);
}
