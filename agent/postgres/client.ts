import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import pg from "pg";
import type { Connection } from "./connection.ts";
import { isState, isUnreachable, SQLSTATE, sqlstateOf } from "./sqlstate.ts";
import { tlsAttempts } from "./tls.ts";

export interface Row {
  readonly [column: string]: unknown;
}

/** One connection. Every query is a simple-protocol message; those sent without awaiting travel together. */
export interface Client {
  /** Rows of the last statement of `text` that gave any. */
  query(text: string): Promise<readonly Row[]>;
  /** Gives each row of `text` to `take`, which must not throw, as it arrives, and keeps none: many rows cost no memory. */
  each(text: string, take: (row: Row) => void): Promise<void>;
  /**
   * Runs text of others: its rows are dropped as they arrive, so that a big SELECT costs no memory. Gives how many statements
   * it had; undefined where other ones travelled with them.
   */
  run(text: string): Promise<number | undefined>;
  /** The pid the server announced. Differs from pg_backend_pid() behind a pooler. */
  readonly announcedPid: number | null;
  /** Set once the connection broke by itself. */
  readonly lost: () => Error | undefined;
  /** Says goodbye once everything sent is answered, and waits until the server has ended the session. */
  close(): Promise<void>;
  /** The same at the end of a process, which need not wait: the server takes milliseconds to end a session. */
  readonly leave: () => void;
  /** Cuts the connection at once, whatever is under way. */
  readonly abandon: () => void;
}

export interface ConnectOptions {
  readonly applicationName: string;
  readonly timeoutMs: number;
  readonly onNotice?: (message: string) => void;
}

const completedBefore = new WeakMap<object, number>();

/** How many statements of the text given to `run` had completed when it failed with `error`. */
export const statementsBefore = (error: unknown): number | undefined =>
  typeof error === "object" && error !== null ? completedBefore.get(error) : undefined;

class Discarding extends pg.Query {
  completed = 0;
  handleDataRow(): void {}
  handleCommandComplete(...args: unknown[]): void {
    this.completed += 1;
    inherited.handleCommandComplete?.apply(this, args);
  }
}

// pg's typings leave the protocol handlers of Query out.
const inherited = pg.Query.prototype as unknown as Record<string, ((...args: unknown[]) => void) | undefined>;

type Attempt = Parameters<typeof tlsAttempts>[0] & { readonly ssl: ReturnType<typeof tlsAttempts>[number] };

const clientConfig = (attempt: Attempt, options: ConnectOptions): pg.ClientConfig & { pipeline: boolean } => ({
  host: attempt.host,
  port: attempt.port,
  database: attempt.database,
  user: attempt.user,
  // Without a function pg would read PGPASSWORD by itself.
  ...(attempt.password === undefined ? {} : { password: attempt.password }),
  ssl: attempt.ssl,
  application_name: options.applicationName.slice(0, 63),
  connectionTimeoutMillis: options.timeoutMs,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  ...(attempt.options === undefined ? {} : { options: attempt.options }),
  pipeline: true,
});

/** Connects as `connection.tls.mode` allows. Rejects with the driver's own error; see classify-connect-error. */
export async function connect(connection: Connection, options: ConnectOptions): Promise<Client> {
  const [ssl = false, other] = tlsAttempts(connection);
  try {
    return await connectOnce({ ...connection, ssl }, options);
  } catch (error) {
    if (other === undefined || !mayTryOther(error)) throw error;
    return await connectOnce({ ...connection, ssl: other }, options);
  }
}

/** libpq's `prefer` and `allow` fall back when TLS, or its absence, was what was wrong; nothing else gets better by it. */
const mayTryOther = (error: unknown): boolean =>
  isState(error, SQLSTATE.invalidAuthorization) || (sqlstateOf(error) === undefined && !isUnreachable(error));

/** What one turn of the event loop writes goes out together: pg writes each message by itself. */
function gatherWrites(stream: Duplex): void {
  const write = stream.write.bind(stream);
  let gathering = false;
  // write() has several signatures; whatever comes is passed on.
  const gathered = (...args: unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      stream.cork();
      queueMicrotask(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return Reflect.apply(write, stream, args);
  };
  stream.write = gathered;
}

async function connectOnce(attempt: Attempt, options: ConnectOptions): Promise<Client> {
  const client = new pg.Client(clientConfig(attempt, options));
  let loss: Error | undefined;
  // Without a listener a dropped connection would end the process.
  client.on("error", (error: Error) => {
    loss ??= error;
  });
  client.on("notice", (notice) => options.onNotice?.(notice.message ?? ""));
  try {
    await client.connect();
    gatherWrites(client.connection.stream);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return wrap(client, () => loss);
}

function wrap(client: pg.Client, lost: () => Error | undefined): Client {
  const close = async (): Promise<void> => await client.end().catch(() => undefined);
  return {
    announcedPid: "processID" in client && typeof client.processID === "number" ? client.processID : null,
    lost,
    async query(text) {
      const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query(text);
      const results = Array.isArray(result) ? result : [result];
      return results.findLast((one) => one.fields.length > 0)?.rows ?? [];
    },
    each: (text, take) =>
      new Promise<void>((resolve, reject) => {
        const query = new pg.Query({ text });
        query.on("row", take);
        query.on("error", reject);
        query.on("end", () => resolve());
        client.query(query);
      }),
    run: (text) =>
      new Promise<number>((resolve, reject) => {
        const query = new Discarding({ text }, (error: Error | null | undefined) => {
          if (!error) return resolve(query.completed);
          completedBefore.set(error, query.completed);
          reject(error);
        });
        client.query(query);
      }),
    close,
    leave() {
      void close();
      const { stream } = client.connection;
      if (stream instanceof Socket) stream.unref();
    },
    abandon: () => {
      client.connection.stream.destroy();
    },
  };
}
