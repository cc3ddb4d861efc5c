import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode } from "../lib/files.ts";
import type { Connection } from "./connection.ts";

function readPem(file: string | undefined, what: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new HeadgateError("tls-failed", {
      what: `the ${what} ${file} cannot be read (${errorCode(error) ?? "unknown error"})`,
      fix: "check the path in sslrootcert or PGSSLROOTCERT; in the chart, that database.tls.caSecret or certSecret exists and holds that key",
      cause: error,
    });
  }
}

/**
 * The ways to try, in libpq's order. `allow` and `prefer` have two, and only they ever fall back; `false` is no TLS.
 * pg's own reading of sslmode differs from libpq's, so it is never asked.
 */
export function tlsAttempts(connection: Connection): readonly (ConnectionOptions | false)[] {
  const { mode, caFile, certFile, keyFile } = connection.tls;
  if (mode === "disable" || connection.host.startsWith("/")) return [false];
  const ca = readPem(caFile, "CA bundle");
  const cert = readPem(certFile, "client certificate");
  const key = readPem(keyFile, "client key");
  // libpq: with a root certificate at hand, `require` checks the chain as `verify-ca` does.
  const checksChain = mode === "verify-full" || mode === "verify-ca" || (mode === "require" && ca !== undefined);
  const options: ConnectionOptions = {
    minVersion: "TLSv1.2",
    rejectUnauthorized: checksChain,
    ...(mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  if (mode === "allow") return [false, options];
  return mode === "prefer" ? [options, false] : [options];
}
