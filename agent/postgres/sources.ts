import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode, readTextIfThere } from "../lib/files.ts";
import type { Redactor } from "../lib/redact.ts";
import type { Settings } from "../settings/settings.ts";
import { type Connection, type ConnectionSource, isLocal, isTlsMode, type TlsMode } from "./connection.ts";
import { parseUrl } from "./parse-url.ts";
import { portOf } from "./port.ts";

type Database = Settings["database"];
type Env = Readonly<Record<string, string | undefined>>;

/** What one place knows of a connection, before defaults. */
interface Parts {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly mode?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly options?: string | undefined;
}

const nonEmpty = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

function chosenMode(written: string | undefined, host: string): TlsMode {
  if (written === undefined) return isLocal(host) ? "disable" : "verify-full";
  if (isTlsMode(written)) return written;
  throw new HeadgateError("bad-settings", {
    what: `sslmode "${written}" is not one of libpq's: disable, allow, prefer, require, verify-ca, verify-full`,
  });
}

function complete(parts: Parts, redactor: Redactor): Connection {
  redactor.add(parts.password);
  const host = parts.host ?? "localhost";
  const user = parts.user ?? "postgres";
  return {
    host,
    port: parts.port ?? 5432,
    database: parts.database ?? user,
    user,
    password: parts.password,
    tls: {
      mode: chosenMode(parts.mode, host),
      caFile: parts.caFile,
      certFile: parts.certFile,
      keyFile: parts.keyFile,
    },
    options: parts.options,
  };
}

function fromUrl(url: string, source: string): Parts {
  const { parameters, ...parts } = parseUrl(url, source);
  const get = (name: string) => nonEmpty(parameters.get(name));
  return {
    ...parts,
    mode: get("sslmode"),
    caFile: get("sslrootcert"),
    certFile: get("sslcert"),
    keyFile: get("sslkey"),
    options: get("options"),
  };
}

/** At the desk: DATABASE_URL, else libpq's own variables. Never a flag: shell histories keep flags. */
export function deskSource(env: Env, database: Database, redactor: Redactor): ConnectionSource {
  return async () => {
    const url = nonEmpty(env.DATABASE_URL);
    if (url === undefined && !Object.keys(env).some((name) => /^PG(HOST|DATABASE|USER|PORT)$/.test(name))) {
      throw new HeadgateError("no-connection", {
        what: "neither DATABASE_URL nor the PG* variables say which database to use",
        fix: "export DATABASE_URL=postgresql://ROLE:PASSWORD@HOST:5432/DATABASE, or PGHOST, PGDATABASE, PGUSER",
        stands: "nothing was changed",
      });
    }
    const parts = url === undefined ? fromLibpqVariables(env) : fromUrl(url, "DATABASE_URL");
    return complete({ ...parts, mode: nonEmpty(database.tls.mode) ?? parts.mode }, redactor);
  };
}

/** A URL from anywhere else; `named` is what errors call it. */
export const urlSource =
  (url: string, named: string, redactor: Redactor): ConnectionSource =>
  async () =>
    complete(fromUrl(url, named), redactor);

const fromLibpqVariables = (env: Env): Parts => ({
  host: nonEmpty(env.PGHOST),
  port: portOf(env.PGPORT, "PGPORT"),
  database: nonEmpty(env.PGDATABASE),
  user: nonEmpty(env.PGUSER) ?? nonEmpty(env.USER),
  password: nonEmpty(env.PGPASSWORD),
  mode: nonEmpty(env.PGSSLMODE),
  caFile: nonEmpty(env.PGSSLROOTCERT),
  certFile: nonEmpty(env.PGSSLCERT),
  keyFile: nonEmpty(env.PGSSLKEY),
  options: nonEmpty(env.PGOPTIONS),
});

export interface SecretFolders {
  readonly secret: string;
  /** The CA bundle's file. */
  readonly ca: string | undefined;
  /** Folder with tls.crt and tls.key. */
  readonly clientCert: string | undefined;
}

/** In a pod: the Secret's keys as files, with the values for what the Secret does not hold. */
export function secretSource(folders: SecretFolders, database: Database, redactor: Redactor): ConnectionSource {
  return async () => {
    const found = readSecret(folders.secret, database);
    const written = found.url === undefined ? undefined : fromUrl(found.url, secretKey(database, "url"));
    refuseBoth(found.url, database);
    const parts = written ?? fromKeys(found, database, folders.secret);
    return complete(
      {
        ...parts,
        mode: nonEmpty(database.tls.mode) ?? parts.mode,
        caFile: folders.ca ?? parts.caFile,
        certFile: folders.clientCert === undefined ? parts.certFile : join(folders.clientCert, "tls.crt"),
        keyFile: folders.clientCert === undefined ? parts.keyFile : join(folders.clientCert, "tls.key"),
      },
      redactor,
    );
  };
}

type Keys = Record<keyof Database["keys"], string | undefined>;

function readSecret(folder: string, { keys }: Database): Keys {
  const read = (key: string) => nonEmpty(readTextIfThere(join(folder, key))?.replace(/\r?\n$/, ""));
  return {
    url: read(keys.url),
    host: read(keys.host),
    port: read(keys.port),
    database: read(keys.database),
    username: read(keys.username),
    password: read(keys.password),
  };
}

const secretKey = (database: Database, key: keyof Database["keys"]): string =>
  `Secret ${database.existingSecret}, key ${database.keys[key]}`;

function refuseBoth(url: string | undefined, database: Database): void {
  const beside = (["host", "port", "name", "username"] as const).filter(
    (key) => database[key] !== "" && database[key] !== 0,
  );
  if (url === undefined || beside.length === 0) return;
  throw new HeadgateError("bad-settings", {
    what: `${secretKey(database, "url")}, holds a whole URL, and the values set ${beside.map((key) => `database.${key}`).join(", ")} beside it`,
    fix: `drop these values, or name another key in database.keys.url so that the parts count`,
  });
}

function fromKeys(found: Keys, database: Database, folder: string): Parts {
  const host = found.host ?? nonEmpty(database.host);
  const user = found.username ?? nonEmpty(database.username);
  const name = found.database ?? nonEmpty(database.name);
  const missing = [
    ...(host === undefined ? [`${database.keys.host} (or database.host)`] : []),
    ...(user === undefined ? [`${database.keys.username} (or database.username)`] : []),
    ...(name === undefined ? [`${database.keys.database} (or database.name)`] : []),
    ...(found.password === undefined && database.tls.certSecret === "" ? [database.keys.password] : []),
  ];
  if (missing.length > 0) throw missingKeys(missing, database, folder);
  const written = database.port === 0 ? undefined : database.port;
  const port = portOf(found.port, secretKey(database, "port")) ?? written;
  return { host, user, database: name, password: found.password, port };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

function missingKeys(missing: readonly string[], database: Database, folder: string): HeadgateError {
  const there = namesIn(folder).filter((entry) => !entry.startsWith("."));
  const secret = `Secret ${database.existingSecret}`;
  if (there.length === 0) {
    return new HeadgateError("no-connection", {
      what: `${secret} does not exist in the release's namespace, or is empty`,
      fix: "create it before the release (a hook runs before the release's own objects), or correct database.existingSecret",
      stands: "nothing was changed",
    });
  }
  return new HeadgateError("no-connection", {
    what: `${secret} has no key ${database.keys.url}, and its parts are incomplete: ${missing.join(", ")} missing`,
    details: [`keys it has: ${there.join(", ")}`],
    fix: "add the keys, or say in database.keys how they are called",
    stands: "nothing was changed",
  });
}
