import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import { loadDeskSettings } from "../settings/load.ts";
import type { Settings } from "../settings/settings.ts";
import { type Command, flagArg, textArg } from "./command.ts";
import { jsonOption, text } from "./options.ts";

const ROLE = "headgate_migrator";

/** Schemas in which migrations create objects. */
const homes = ({ database, fleet }: Settings): readonly string[] =>
  fleet.schemas.length > 0 ? fleet.schemas : [database.searchPath[0] ?? "public"];

/** The least that a migrator needs, statement by statement. */
function statementsOf(settings: Settings, login: string): string[] {
  const { database, history, migrate } = settings;
  const migrator = quoteIdentifier(login);
  const owner = database.role === "" ? migrator : quoteIdentifier(database.role);
  const mirrors = history.pgmigrations.schema === "" ? [] : [history.pgmigrations.schema];
  return [
    `CREATE ROLE ${migrator} LOGIN${database.role === "" ? "" : " NOINHERIT"}`,
    ...(database.role === "" ? [] : [`CREATE ROLE ${owner} NOLOGIN`, `GRANT ${owner} TO ${migrator}`]),
    `DO $grant$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), ${quoteLiteral(login)}); END $grant$`,
    `CREATE SCHEMA ${quoteIdentifier(history.schema)} AUTHORIZATION ${owner}`,
    ...[...new Set([...homes(settings), ...mirrors])].map(
      (schema) => `GRANT USAGE, CREATE ON SCHEMA ${quoteIdentifier(schema)} TO ${owner}`,
    ),
    // To name whoever blocks a migration; without it only their process numbers are known.
    `GRANT pg_read_all_stats TO ${migrator}`,
    ...(migrate.orphans === "terminate" ? [`GRANT pg_signal_backend TO ${migrator}`] : []),
  ];
}

const notes = ({ database, fleet }: Settings, login: string): string[] => [
  `-- The least that Headgate's role needs. Run it as an administrator, in the database that is migrated; then give ${login} a password.`,
  `-- Only its owner may alter a table. For each that is there already: ALTER TABLE ... OWNER TO ${quoteIdentifier(database.role === "" ? login : database.role)};`,
  ...(fleet.query === ""
    ? []
    : ["-- fleet.query names the schemas: GRANT USAGE, CREATE on each of them, and SELECT on what the query reads."]),
];

export const grants: Command = {
  options: {
    values: { ...text("values.yaml of the chart"), alias: "f" },
    role: text(`the login that migrates; ${ROLE} when it is left out`),
    ...jsonOption,
  },
  examples: [["headgate grants -f values.yaml | psql", "the least privileges, for a role of its own"]],
  async run(args, io) {
    const settings = await loadDeskSettings(textArg(args, "values"));
    const login = textArg(args, "role") ?? ROLE;
    const statements = statementsOf(settings, login);
    io.out(
      flagArg(args, "json")
        ? `${JSON.stringify({ statements })}\n`
        : `${[...notes(settings, login), ...statements.map((sql) => `${sql};`)].join("\n")}\n`,
    );
    return 0;
  },
};
