import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode } from "../lib/files.ts";
import { loadParser, type Parse } from "../migrations/parser.ts";
import { anyBelow } from "../migrations/tree.ts";
import { type Client, statementsBefore } from "../postgres/client.ts";
import { type Piece, pieces } from "../postgres/dump-text.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { ANOTHER_SERVER } from "../postgres/throwaway-binaries.ts";

/** A dump as SQL, and what is said of it. */
export interface Dump {
  /** As people call it. */
  readonly name: string;
  /** It is a file, so that lines of it can be told. */
  readonly isFile: boolean;
  readonly sql: AsyncIterable<Uint8Array>;
  /** The commands that make a dump which can be used. */
  readonly making: string;
}

export interface Loading {
  readonly client: Client;
  /** Nobody else's server: roles are made there. */
  readonly own: boolean;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

const BATCH_BYTES = 65_536;

const unusable = (what: string, fix: string, more: { details?: readonly string[]; cause?: unknown } = {}) =>
  new HeadgateError("no-throwaway-database", { what, fix, stands: "nothing was changed", ...more });

const placeOf = ({ name, isFile }: Dump, line: number): string => (isFile ? `${name}:${line}` : name);

function refuse(dump: Dump, { kind, text, line }: Piece): void {
  const place = placeOf(dump, line);
  const [first = ""] = text.split("\n");
  if (kind === "copy")
    throw unusable(
      `${place}: rows stand there as COPY ... FROM stdin, which only psql can send: ${first}`,
      dump.making,
    );
  if (kind === "command")
    throw unusable(
      `${place}: ${first.slice(0, 60)} is a command of psql, and no SQL`,
      `make a dump of one database, without --create:\n${dump.making}`,
    );
  const [, encoding = "UTF8"] = /^SET client_encoding = '(.*?)';$/.exec(text) ?? [];
  if (!/^(UTF-?8|SQL_ASCII)$/i.test(encoding))
    throw unusable(`${place}: it is written in ${encoding}`, `make it with --encoding=UTF8:\n${dump.making}`);
}

/** A throwaway server has no tablespaces, and an older one not the newest setting. */
const LEFT_OUT = /^SET (default_tablespace|transaction_timeout) = /;
const SUBSCRIPTION = /^(CREATE|ALTER|COMMENT ON) SUBSCRIPTION /;
/** Written where somebody dumps that schema alone; every database has it. */
const PUBLIC = /^CREATE SCHEMA public;/;

/** What is sent of it; undefined for nothing. */
function sent({ text }: Piece, { warn }: Loading): string | undefined {
  if (LEFT_OUT.test(text)) return undefined;
  if (!SUBSCRIPTION.test(text)) return text.replace(PUBLIC, "CREATE SCHEMA IF NOT EXISTS public;");
  // To drop one reaches for the slot on its publisher.
  if (text.startsWith("CREATE")) warn(`left out of the rehearsal, for it is another server's: ${text.split("\n")[0]}`);
  return undefined;
}

interface Needs {
  readonly roles: readonly string[];
  readonly extensions: readonly string[];
}

const NOTHING: Needs = { roles: [], extensions: [] };
const NAMES_SOMETHING = /^(ALTER|GRANT|REVOKE|CREATE (POLICY|SCHEMA|USER MAPPING|EXTENSION))\b/;

function needsOf(parse: Parse, sql: string): Needs {
  if (!NAMES_SOMETHING.test(sql)) return NOTHING;
  const roles: string[] = [];
  const extensions: string[] = [];
  try {
    for (const { node, kind } of parse({ sql, file: "", line: 1 })) {
      if (kind === "CreateExtensionStmt") extensions.push(String(node.extname));
      anyBelow({ node }, (_, { roletype, rolename }) => {
        if (roletype === "ROLESPEC_CSTRING") roles.push(String(rolename));
        return false;
      });
    }
  } catch {
    // Of another PostgreSQL than the parser: the server has the say.
    return NOTHING;
  }
  return { roles, extensions };
}

/** Roles and extensions that the server has, and those that it lacks. */
class Stock {
  readonly lackedRoles = new Set<string>();
  readonly lackedExtensions = new Set<string>();
  private readonly roles: Set<string>;
  private readonly extensions: Set<string>;
  private readonly loading: Loading;

  constructor(loading: Loading, roles: Iterable<string>, extensions: Iterable<string>) {
    this.loading = loading;
    this.roles = new Set(roles);
    this.extensions = new Set(extensions);
  }

  get lacks(): boolean {
    return this.lackedRoles.size + this.lackedExtensions.size > 0;
  }

  async provide({ roles, extensions }: Needs): Promise<void> {
    for (const name of extensions) if (!this.extensions.has(name)) this.lackedExtensions.add(name);
    for (const name of roles) {
      if (this.roles.has(name)) continue;
      if (!this.loading.own || name.startsWith("pg_")) this.lackedRoles.add(name);
      else await this.loading.client.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`);
      this.roles.add(name);
    }
  }
}

async function stockOf(loading: Loading): Promise<Stock> {
  const names = async (sql: string) => (await loading.client.query(sql)).map(({ name }) => String(name));
  const roles = await names("SELECT rolname AS name FROM pg_roles");
  return new Stock(loading, roles, await names("SELECT name FROM pg_available_extensions"));
}

function lacking({ name }: Dump, { lackedRoles, lackedExtensions }: Stock, own: boolean): HeadgateError {
  const roles = [...lackedRoles].sort();
  const extensions = [...lackedExtensions].sort();
  const what = [
    ...(extensions.length > 0 ? [`the extensions ${extensions.join(", ")}`] : []),
    ...(roles.length > 0 ? [`the roles ${roles.join(", ")}`] : []),
  ];
  const create = roles.map((role) => `CREATE ROLE ${quoteIdentifier(role)} NOLOGIN;`).join(" ");
  const fixes = [
    ...(extensions.length > 0 ? [own ? ANOTHER_SERVER : "install the extensions on that server"] : []),
    ...(roles.length > 0 && own ? [ANOTHER_SERVER] : []),
    ...(roles.length > 0 && !own ? [`as an administrator of that server: ${create}`] : []),
  ];
  return unusable(
    `${name} wants what the PostgreSQL of the rehearsal does not have: ${what.join("; ")}`,
    [...new Set(fixes)].join("\n"),
  );
}

const positionOf = (error: unknown): number | undefined => {
  const position = error instanceof Error && "position" in error ? Number(error.position) : Number.NaN;
  return Number.isInteger(position) && position > 0 ? position : undefined;
};

const MAY_NOT =
  "name a superuser of a server to throw away in HEADGATE_REHEARSAL_URL, or unset it: Headgate starts one of its own; or make a dump with --no-owner --no-privileges, and name its file with --from";

/** Pieces that go together in one message, and so in one transaction. */
class Batch {
  private readonly pieces: Piece[] = [];
  private bytes = 0;
  private readonly dump: Dump;
  private readonly client: Client;

  constructor(dump: Dump, client: Client) {
    this.dump = dump;
    this.client = client;
  }

  async add(piece: Piece): Promise<void> {
    this.pieces.push(piece);
    this.bytes += piece.text.length;
    if (this.bytes >= BATCH_BYTES) await this.send();
  }

  async send(): Promise<void> {
    const text = this.pieces.map((piece) => piece.text).join("\n");
    if (text !== "") await this.client.run(text).catch((error: unknown) => Promise.reject(this.explain(error)));
    this.pieces.length = 0;
    this.bytes = 0;
  }

  /** The piece at which the server has stopped: by the place that it names, else by how many went well. */
  private at(error: unknown): Piece | undefined {
    let left = positionOf(error);
    if (left === undefined) return this.pieces[statementsBefore(error) ?? 0];
    for (const piece of this.pieces) {
      const length = [...piece.text].length + 1;
      if (left <= length) return piece;
      left -= length;
    }
    return undefined;
  }

  private explain(error: unknown): unknown {
    if (!(error instanceof Error && "severity" in error)) return error;
    const piece = this.at(error);
    const [first = ""] = piece?.text.split("\n") ?? [];
    const mending = this.dump.isFile ? `mend it, or make a new one:\n${this.dump.making}\nor ` : "";
    return unusable(
      `${placeOf(this.dump, piece?.line ?? 1)}: ${error.message}`,
      isState(error, SQLSTATE.insufficientPrivilege) ? MAY_NOT : `${mending}${ANOTHER_SERVER}`,
      { details: [first], cause: error },
    );
  }
}

/** Runs a dump in the database of `client`. Rejects with `no-throwaway-database`: roles and extensions that lack are told together. */
export async function loadDump(dump: Dump, loading: Loading): Promise<void> {
  const { client, own, signal } = loading;
  const parse = await loadParser();
  const stock = await stockOf(loading);
  const batch = new Batch(dump, client);
  try {
    for await (const piece of pieces(dump.sql)) {
      signal.throwIfAborted();
      refuse(dump, piece);
      const text = sent(piece, loading);
      if (text === undefined) continue;
      await stock.provide(needsOf(parse, text));
      if (!stock.lacks) await batch.add({ ...piece, text });
    }
  } catch (error) {
    if (errorCode(error) !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    throw unusable(`${dump.name} is no text in UTF-8; what is compressed is unpacked before`, dump.making, {
      cause: error,
    });
  }
  if (stock.lacks) throw lacking(dump, stock, own);
  await batch.send();
}
