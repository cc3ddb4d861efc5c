import { quoteLiteral } from "./quote.ts";

/** What a platform or an extension keeps in everybody's database, changes when it likes, and nobody's migrations make. */
export interface ProviderOwned {
  readonly provider: string;
  /** It is looked for only where this role or extension is; names that nobody else would use need no sign. */
  readonly sign?: { readonly role: string } | { readonly extension: string };
  readonly schemas?: readonly string[];
  /** The extension itself and its version; what belongs to any extension is never looked at. */
  readonly extensions?: readonly string[];
  /** Roles: whatever they own. */
  readonly owners?: readonly string[];
}

/** Everything that no fingerprint looks at. `headgate verify --list-ignored` prints it; docs/verify.md is generated from it. */
export const providerOwned: readonly ProviderOwned[] = [
  {
    provider: "Amazon RDS and Aurora",
    owners: ["rdsadmin"],
    schemas: ["apg_plan_mgmt", "aws_commons"],
    extensions: ["rds_activity_stream", "rds_tools"],
  },
  {
    provider: "Google Cloud SQL and AlloyDB",
    owners: ["alloydbadmin", "cloudsqladmin", "cloudsqlagent", "cloudsqlimportexport", "cloudsqlreplica"],
    schemas: ["google_ml", "google_vacuum_mgmt"],
    extensions: ["google_columnar_engine", "google_db_advisor", "google_insights", "google_vacuum_mgmt"],
  },
  {
    provider: "Azure Database",
    owners: ["azuresu"],
    schemas: ["azure_sys"],
    extensions: ["azure", "pgaadauth"],
  },
  {
    provider: "Supabase",
    sign: { role: "supabase_admin" },
    owners: [
      "supabase_admin",
      "supabase_auth_admin",
      "supabase_etl_admin",
      "supabase_functions_admin",
      "supabase_read_only_user",
      "supabase_realtime_admin",
      "supabase_replication_admin",
      "supabase_storage_admin",
    ],
    schemas: [
      "_analytics",
      "_realtime",
      "_supavisor",
      "auth",
      "extensions",
      "graphql",
      "graphql_public",
      "net",
      "pgbouncer",
      "pgsodium",
      "pgsodium_masks",
      "realtime",
      "storage",
      "supabase_functions",
      "supabase_migrations",
      "vault",
    ],
    extensions: ["pg_graphql", "pg_net", "pgjwt", "pgsodium", "supabase_vault"],
  },
  {
    provider: "Neon",
    owners: ["cloud_admin", "neon_superuser"],
    schemas: ["neon", "neon_auth", "neon_control_plane"],
    extensions: ["neon", "neon_utils"],
  },
  { provider: "Aiven", extensions: ["aiven_extras", "aiven_gatekeeper"], schemas: ["aiven_extras"] },
  { provider: "DigitalOcean", owners: ["_dodb"] },
  { provider: "Heroku", schemas: ["_heroku", "heroku_ext"] },
  { provider: "Crunchy Data", owners: ["_crunchypgbouncer", "_crunchyrepl", "ccp_monitoring"] },
  { provider: "Zalando", schemas: ["metric_helpers", "user_management"], extensions: ["pg_auth_mon", "set_user"] },
  {
    provider: "TimescaleDB",
    schemas: [
      "_timescaledb_cache",
      "_timescaledb_catalog",
      "_timescaledb_config",
      "_timescaledb_debug",
      "_timescaledb_functions",
      "_timescaledb_internal",
      "timescaledb_experimental",
      "timescaledb_information",
    ],
  },
  { provider: "pg_cron", sign: { extension: "pg_cron" }, schemas: ["cron"] },
  { provider: "pg_partman", sign: { extension: "pg_partman" }, schemas: ["partman"] },
  { provider: "pg_repack", sign: { extension: "pg_repack" }, schemas: ["repack"] },
  { provider: "pgmq", sign: { extension: "pgmq" }, schemas: ["pgmq"] },
  { provider: "PgQ", sign: { extension: "pgq" }, schemas: ["pgq"] },
  {
    provider: "PostGIS, TIGER geocoder",
    sign: { extension: "postgis_tiger_geocoder" },
    schemas: ["tiger_data"],
  },
];

const list = (names: readonly string[]): string => `ARRAY[${names.map(quoteLiteral).join(", ")}]::name[]`;

function isThere({ sign }: ProviderOwned): string {
  if (sign === undefined) return "true";
  return "role" in sign
    ? `EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(sign.role)})`
    : `EXISTS (SELECT FROM pg_extension WHERE extname = ${quoteLiteral(sign.extension)})`;
}

/** SQL that is true of a name that one of the list has in `of`, where its sign is there. */
export function isProviders(of: "schemas" | "extensions" | "owners", name: string): string {
  const named = providerOwned.filter((one) => (one[of] ?? []).length > 0);
  const free = named.filter((one) => one.sign === undefined).flatMap((one) => one[of] ?? []);
  const signed = named
    .filter((one) => one.sign !== undefined)
    .map((one) => `(${name} = ANY (${list(one[of] ?? [])}) AND ${isThere(one)})`);
  return `(${[`${name} = ANY (${list(free)})`, ...signed].join(" OR ")})`;
}
