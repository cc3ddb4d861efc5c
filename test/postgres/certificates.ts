import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Files that a server can use and a client can trust, made by the openssl command. */
export interface Certificates {
  /** The CA that signs the servers' certificates. */
  readonly ca: string;
  /** A CA that signed nothing. */
  readonly otherCa: string;
  /** A key and a certificate for `san`, e.g. `DNS:localhost,IP:127.0.0.1`, for the account that owns `path`. */
  issue(name: string, san: string, path: string): { readonly key: string; readonly cert: string };
  remove(): void;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "headgate-tls-"));
  chmodSync(folder, 0o755);
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const newKey = ["-newkey", "rsa:2048", "-nodes"];
  for (const name of ["ca", "other"]) {
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
    );
  }
  return {
    ca: at("ca.crt"),
    otherCa: at("other.crt"),
    issue(name, san, path) {
      writeFileSync(at(`${name}.cnf`), `subjectAltName=${san}\n`);
      openssl("req", "-new", ...newKey, "-subj", "/CN=headgate-test", "-keyout", `${name}.key`, "-out", `${name}.csr`);
      const signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.cnf`];
      openssl("x509", "-req", "-in", `${name}.csr`, ...signed, "-out", `${name}.crt`);
      const { uid, gid } = statSync(path);
      for (const file of [`${name}.key`, `${name}.crt`]) {
        chmodSync(at(file), 0o600);
        chownSync(at(file), uid, gid);
      }
      return { key: at(`${name}.key`), cert: at(`${name}.crt`) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
