import pg from "pg";

/** Connections of the sweep itself, one a database, opened when they are needed. */
export interface Connections {
  /** Rows of one statement. */
  sql<Row extends pg.QueryResultRow>(database: string, text: string): Promise<Row[]>;
  close(database: string): Promise<void>;
  closeAll(): Promise<void>;
}

/** `urlOf` gives the URL of a database. A connection that broke, because the server did, is opened anew. */
export function openConnections(urlOf: (database: string) => string): Connections {
  const open = new Map<string, Promise<pg.Client>>();
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: urlOf(database) });
    const forget = () => void open.delete(database);
    client.on("error", forget).on("end", forget);
    try {
      await client.connect();
      return client;
    } catch (error) {
      forget();
      throw error;
    }
  };
  const close = async (database: string): Promise<void> => {
    const client = await open.get(database)?.catch(() => undefined);
    open.delete(database);
    await client?.end().catch(() => undefined);
  };
  return {
    async sql<Row extends pg.QueryResultRow>(database: string, text: string): Promise<Row[]> {
      const client = open.get(database) ?? connect(database);
      open.set(database, client);
      return (await (await client).query<Row>(text)).rows;
    },
    close,
    closeAll: async () => void (await Promise.all([...open.keys()].map(close))),
  };
}
