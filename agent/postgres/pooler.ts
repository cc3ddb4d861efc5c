import { inTime } from "../lib/in-time.ts";
import { reasonOf } from "../lib/reason.ts";
import { type Client, type ConnectOptions, connect, type Row } from "./client.ts";
import type { Connection } from "./connection.ts";

/** What stands between this process and the server. */
export interface Pooler {
  /**
   * `session`: a client keeps its server connection as long as it stays. `shared`: only for a transaction or a
   * statement, so that locks and settings of the session are everybody's. `unknown`: it could not be told.
   */
  readonly mode: "session" | "shared" | "unknown";
  /** What was seen, for people. */
  readonly found: string;
}

interface Product {
  readonly matches: (connection: Connection) => boolean;
  /** It shares server connections, by its documentation. */
  readonly shares: string | undefined;
  /** Where the server itself is. */
  readonly direct: string;
}

const products: readonly Product[] = [
  {
    matches: ({ host, port }) => host.endsWith(".pooler.supabase.com") && port === 6543,
    shares: "the address is Supavisor's transaction mode",
    direct: "take port 5432 instead of 6543: Supavisor's session mode; or the direct host db.PROJECT.supabase.co",
  },
  {
    matches: ({ host }) => /^[^.]+-pooler\..*\.neon\.tech$/.test(host),
    shares: "the address is Neon's pooler",
    direct: "take the same host without -pooler",
  },
  {
    matches: ({ host }) => /\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$/.test(host),
    shares: "the address is an RDS Proxy",
    direct: "take the endpoint of the cluster or the instance instead of the proxy's",
  },
  {
    matches: ({ host, port }) => host.endsWith(".ondigitalocean.com") && port === 25061,
    shares: undefined,
    direct: "take port 25060 instead of 25061, and the database's own name instead of the pool's",
  },
  {
    matches: ({ port }) => port === 6432,
    shares: undefined,
    direct: "take the port of PostgreSQL itself, as a rule 5432, instead of PgBouncer's 6432",
  },
];

/** How to get past the pooler at this address, as far as the address tells. */
export const directAddress = (connection: Connection): string =>
  products.find((product) => product.matches(connection))?.direct ??
  "take the host and port of PostgreSQL itself, or of a pool in session mode";

/** No process number alone: behind one address there may be several servers, and they count alike. */
const LOOK = `SELECT pg_backend_pid() || ' of ' || pg_postmaster_start_time() AS backend, coalesce(host(inet_client_addr()), '') AS seen_from`;

const FOREIGN_LOCKS = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() LIMIT 1`;

interface Look {
  readonly backend: string;
  /** The address under which the server sees the pooler. */
  readonly seenFrom: string;
}

const toLook = ([row = {}]: readonly Row[]): Look => ({
  backend: String(row.backend),
  seenFrom: String(row.seen_from),
});

const look = async (client: Client, before = ""): Promise<Look> =>
  toLook(await inTime(client.query(before + LOOK), STEP_MS));

const STEP_MS = 3_000;

/** Other clients through the same pooler that are enough, and how many are tried to find them. */
const NEIGHBOURS = 3;
const TRIES = 10;

const shared = (found: string): Pooler => ({ mode: "shared", found });

/** Looks with another client whether `client`, idle at this moment, has lost its server connection to it. */
async function tryToTake(client: Client, other: Client, own: Look): Promise<Pooler | "neighbour" | "stranger"> {
  const idle = await look(other);
  if (idle.backend === own.backend) return shared("two clients were given one server connection at the same time");
  // Held in a transaction, so that a pooler which shares has to give the next client another one.
  const held = await look(other, "BEGIN; ");
  if (held.backend === own.backend) return shared("an idle client's server connection was given to another client");
  if ((await look(client)).backend !== own.backend) return shared("the server connection of one client changed");
  return held.seenFrom === own.seenFrom ? "neighbour" : "stranger";
}

/** PgBouncer's own words when a pool is in statement mode. */
const isStatementPooling = (error: unknown): boolean => /transaction blocks not allowed/.test(reasonOf(error));

interface Probing {
  readonly client: Client;
  readonly others: Client[];
  readonly open: () => Promise<Client>;
}

async function probe({ client, others, open }: Probing): Promise<Pooler> {
  const own = await look(client);
  let neighbours = 0;
  while (neighbours < NEIGHBOURS && others.length < TRIES) {
    const other = await open();
    others.push(other);
    const verdict = await tryToTake(client, other, own);
    if (typeof verdict === "object") return verdict;
    if (verdict === "neighbour") neighbours += 1;
  }
  // Of a fleet behind one address only clients of the same pooler prove anything.
  if (neighbours === 0) return { mode: "unknown", found: "every connection went through another pooler" };
  return { mode: "session", found: `beside ${neighbours} other clients its server connection stayed its own` };
}

/**
 * Tells what kind of pooler `client` came through, by connecting to it again: up to ten connections, for a few round
 * trips. Reads only; never rejects. Call it while nothing else is sent on `client`.
 */
export async function findPooler(client: Client, connection: Connection, options: ConnectOptions): Promise<Pooler> {
  const known = products.find((product) => product.shares !== undefined && product.matches(connection));
  if (known?.shares !== undefined) return shared(known.shares);
  const others: Client[] = [];
  try {
    const foreign = await inTime(client.query(FOREIGN_LOCKS), STEP_MS);
    if (foreign.length > 0) return shared("the server connection that it gave holds advisory locks of another client");
    return await probe({ client, others, open: () => connect(connection, { ...options, timeoutMs: STEP_MS }) });
  } catch (error) {
    // The one that failed may wait for an answer still.
    others.pop()?.abandon();
    if (isStatementPooling(error)) return shared(reasonOf(error));
    return { mode: "unknown", found: `a second client beside it got no server connection: ${reasonOf(error)}` };
  } finally {
    await Promise.all(others.map(leave));
  }
}

/** In order: a pooler drops the server connection of a client that leaves in a transaction. */
async function leave(other: Client): Promise<void> {
  const bye = other.query("ROLLBACK").then(other.close);
  await inTime(bye, STEP_MS).catch(other.abandon);
}

/** Sends nothing before what is ahead has been answered: poolers lose, or wait for, what comes early. */
export function oneByOne(client: Client): Client {
  let ahead: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(send: () => Promise<T>): Promise<T> => {
    const answer = ahead.then(send);
    ahead = answer.catch(() => undefined);
    return answer;
  };
  return {
    ...client,
    query: (text) => inTurn(() => client.query(text)),
    each: (text, take) => inTurn(() => client.each(text, take)),
    run: (text) => inTurn(() => client.run(text)),
  };
}

/** Sends `settings`, made of SET LOCAL, in each message again: what a shared connection keeps, the next client gets. */
export function withLocalSettings(client: Client, settings: string): Client {
  const ends = (text: string) => /^\s*(ROLLBACK|COMMIT)\b/i.test(text);
  const dressed = (text: string) => (settings === "" || ends(text) ? text : `${settings}; ${text}`);
  return {
    ...client,
    query: (text) => client.query(dressed(text)),
    each: (text, take) => client.each(dressed(text), take),
    run: async (text) => {
      await client.run(dressed(text));
      return undefined;
    },
  };
}
