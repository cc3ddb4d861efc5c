import { reports } from "./history-reports.ts";
import { IDENTIFIER, OPTIONAL_IDENTIFIER } from "./patterns.ts";

/** How the agent reaches the database. Credentials never stand here: they come from the Secret's files. */
export const database = {
  type: "object",
  additionalProperties: false,
  description: "The database whose schema moves with the release.",
  properties: {
    existingSecret: {
      type: "string",
      default: "",
      description: "Name of the Secret that holds the connection. It has to exist before the release does.",
    },
    keys: {
      type: "object",
      additionalProperties: false,
      description: "Which key of the Secret holds what. The defaults fit CloudNativePG; a URL wins over parts.",
      properties: {
        url: { type: "string", default: "uri", description: "Key of the connection URL." },
        host: { type: "string", default: "host", description: "Key of the host name." },
        port: { type: "string", default: "port", description: "Key of the port." },
        database: { type: "string", default: "dbname", description: "Key of the database name." },
        username: { type: "string", default: "username", description: "Key of the role to log in as." },
        password: { type: "string", default: "password", description: "Key of the password." },
      },
      default: {},
    },
    host: {
      type: "string",
      default: "",
      description: "Host name, where the Secret does not hold it. Not beside a URL in the Secret.",
    },
    port: {
      type: "integer",
      minimum: 0,
      maximum: 65535,
      default: 0,
      description: "Port, where the Secret does not hold it; 0 means PostgreSQL's 5432.",
    },
    name: { type: "string", default: "", description: "Database name, where the Secret does not hold it." },
    username: { type: "string", default: "", description: "Role to log in as, where the Secret does not hold it." },
    tls: {
      type: "object",
      additionalProperties: false,
      description: "Transport security, in libpq's words.",
      properties: {
        mode: {
          type: "string",
          enum: ["", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
          default: "",
          description:
            "libpq's sslmode. Empty: the URL's own sslmode, else verify-full; loopback and Unix sockets then need no TLS.",
        },
        caSecret: {
          type: "string",
          default: "",
          description: "Secret with the CA bundle that signed the server's certificate. Empty: the system's CAs.",
        },
        caKey: { type: "string", default: "ca.crt", description: "Key of the CA bundle in caSecret." },
        certSecret: {
          type: "string",
          default: "",
          description: "Secret of type kubernetes.io/tls with a client certificate (tls.crt, tls.key).",
        },
      },
      default: {},
    },
    role: {
      type: "string",
      default: "",
      description: "SET ROLE to this before any work, so that it owns what migrations create. Empty: the login role.",
    },
    searchPath: {
      type: "array",
      items: { type: "string", pattern: IDENTIFIER },
      default: [],
      description: "search_path for the migrations. Empty: the role's own.",
    },
    expect: {
      type: "object",
      additionalProperties: false,
      description: "Refuse to work on any other database than this one.",
      properties: {
        name: { type: "string", default: "", description: "current_database() has to be this." },
      },
      default: {},
    },
  },
  default: {},
} as const;

/** Where the record of what was applied lives. */
export const history = {
  type: "object",
  additionalProperties: false,
  description: "Where the record of what was applied lives: in the target database itself.",
  properties: {
    schema: {
      type: "string",
      pattern: IDENTIFIER,
      default: "headgate",
      description: "Schema of Headgate's own tables.",
    },
    target: {
      type: "string",
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
      default: "default",
      description: "Name of this set of migrations, where several sets share one database.",
    },
    reports,
    pgmigrations: {
      type: "object",
      additionalProperties: false,
      description: "node-pg-migrate's table, kept in step so that its own CLI can take turns with Headgate.",
      properties: {
        schema: {
          type: "string",
          pattern: OPTIONAL_IDENTIFIER,
          default: "",
          description: "Its schema. Empty: the first of database.searchPath, else public.",
        },
        table: { type: "string", pattern: IDENTIFIER, default: "pgmigrations", description: "Its name." },
      },
      default: {},
    },
  },
  default: {},
} as const;
