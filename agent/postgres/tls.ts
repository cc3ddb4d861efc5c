import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode } from "../lib/files.ts";
import type { Connection } from "./connection.ts";

async function readPem(file: string | undefined, what: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return await readFile(file, "utf8").catch((error: unknown) => {
    throw new HeadgateError("tls-failed", {
      what: `the ${what} ${file} cannot be read (${errorCode(error) ?? "unknown error"})`,
      fix: "check the path in sslrootcert or PGSSLROOTCERT; in the chart, that database.tls.caSecret or certSecret exists and holds that key",
      cause: error,
    });
  });
}

/**
 * The ways to try, in libpq's order. `allow` and `prefer` have two, and only they ever fall back; `false` is no TLS.
 * pg's own reading of sslmode differs from libpq's, so it is never asked.
 */
export async function tlsAttempts(connection: Connection): Promise<readonly (ConnectionOptions | false)[]> {
  const { mode, caFile, certFile, keyFile } = connection.tls;
  if (mode === "disable" || connection.host.startsWith("/")) return [false];
  const [ca, cert, key] = await Promise.all([
    readPem(caFile, "CA bundle"),
    readPem(certFile, "client certificate"),
    readPem(keyFile, "client key"),
  ]);
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
