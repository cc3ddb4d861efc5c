/** libpq's sslmode, weakest first. */
export const tlsModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type TlsMode = (typeof tlsModes)[number];

export const isTlsMode = (text: string): text is TlsMode => tlsModes.some((mode) => mode === text);

/** Where a connection leads and how. Read anew at every connect, so that a rotated Secret works without a restart. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Undefined leaves it to ~/.pgpass, or to a server that asks for none. */
  readonly password: string | undefined;
  readonly tls: {
    readonly mode: TlsMode;
    readonly caFile: string | undefined;
    readonly certFile: string | undefined;
    readonly keyFile: string | undefined;
  };
  /** libpq's `options`, e.g. `-c geqo=off`. */
  readonly options: string | undefined;
}

/** Gives the connection; throws `no-connection` or `bad-settings`. */
export type ConnectionSource = () => Promise<Connection>;

/** `db.example:5432/shop as owner`: never the password. */
export const describeConnection = (connection: Connection): string =>
  `${connection.host}:${connection.port}/${connection.database} as ${connection.user}`;

export const isLocal = (host: string): boolean =>
  host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
