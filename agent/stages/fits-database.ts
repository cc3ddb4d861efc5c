import type { Checked, Obstacle } from "../checks/check.ts";
import type { Migration } from "../migrations/types.ts";
import type { WantedExtension, WantedRelation, Wants } from "../migrations/wants.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isFound, preflightFailed } from "./preflight-failed.ts";

/** A pending migration and what it wants; undefined where nobody has taken it apart. */
export interface Wanting {
  readonly migration: Pick<Migration, "name" | "up">;
  readonly wants: Wants | undefined;
}

type Row = Readonly<Record<string, unknown>>;

/** One wish, and the place of its statement: `004_total.sql:2`. */
type Placed<T> = T & { readonly place: string };

const placed =
  ({ migration }: Wanting) =>
  <T extends { readonly line?: number }>(wish: T): Placed<T> => ({
    ...wish,
    place: `${migration.up?.file ?? migration.name}${wish.line === undefined ? "" : `:${wish.line}`}`,
  });

/** The relations that the catalog can be asked about: not those that the set itself makes, renames or drops first. */
function relationsOf(wanting: readonly Wanting[]): Placed<WantedRelation>[] {
  const settled = new Set<string>();
  const found: Placed<WantedRelation>[] = [];
  for (const one of wanting) {
    // Nobody knows what it does to those after it.
    if (one.wants === undefined) return found;
    found.push(...one.wants.relations.filter(({ name }) => !settled.has(name)).map(placed(one)));
    for (const name of one.wants.settled) settled.add(name);
    if (one.wants.reshuffles) return found;
  }
  return found;
}

const literal = (value: string | undefined): string => (value === undefined ? "NULL" : quoteLiteral(value));

/** By the catalog's own rows: to_regclass() raises where the schema may not be used, and would lock nothing else. */
const ownersSql = (relations: readonly WantedRelation[]): string => `SELECT w.at, held.oid::regclass::text AS name,
 o.rolname AS owner, o.rolsuper AS owner_is_superuser, pg_has_role(c.relowner, 'MEMBER') AS is_member,
 CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind
FROM (VALUES ${relations.map(({ name, schema, drops }, at) => `(${at}, ${literal(schema)}::text, ${quoteLiteral(name)}::text, ${drops === true})`).join(", ")}) AS w (at, schema, name, drops)
CROSS JOIN LATERAL (SELECT c.oid, c.relkind, c.relowner, n.nspowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I')
  AND CASE WHEN w.schema IS NULL THEN n.nspname = ANY (current_schemas(true)) ELSE n.nspname = w.schema END
 ORDER BY array_position(current_schemas(true), n.nspname) LIMIT 1) AS c
CROSS JOIN LATERAL (SELECT coalesce((SELECT x.indrelid FROM pg_index x WHERE x.indexrelid = c.oid), c.oid) AS oid) AS held
JOIN pg_roles o ON o.oid = c.relowner
WHERE NOT pg_has_role(c.relowner, 'USAGE') AND NOT (w.drops AND pg_has_role(c.nspowner, 'USAGE')) ORDER BY w.at`;

/** Every version that can be installed, and what is installed, of the extensions that are wanted. */
const extensionsSql = (
  names: readonly string[],
): string => `SELECT w.name, i.extversion AS installed, a.default_version, v.versions
FROM unnest(ARRAY[${names.map(quoteLiteral).join(", ")}]) AS w (name) LEFT JOIN pg_extension i ON i.extname = w.name
LEFT JOIN pg_available_extensions a ON a.name = w.name
LEFT JOIN (SELECT name, array_agg(version::text ORDER BY version) AS versions FROM pg_available_extension_versions GROUP BY name) AS v ON v.name = w.name`;

/** As many as a reader takes in; the next run tells the rest. */
const LISTED = 20;

const listed = (items: readonly string[], separator = ", "): string =>
  items.length <= LISTED
    ? items.join(separator)
    : `${items.slice(0, LISTED).join(separator)}${separator}and ${items.length - LISTED} more`;

const grouped = <T>(items: readonly T[], keyOf: (item: T) => string): T[][] => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
};

function ownerFix(row: Row, names: readonly string[], { facts }: Session): string {
  const role = quoteIdentifier(facts.role);
  const owner = quoteIdentifier(String(row.owner));
  // To be in a superuser's role is to be one.
  if (row.owner_is_superuser === true)
    return `as an administrator: ${listed(
      names.map((name) => `ALTER TABLE ${name} OWNER TO ${role};`),
      " ",
    )}`;
  if (row.is_member !== true) return `as an administrator: GRANT ${owner} TO ${role};`;
  const inherit =
    facts.version >= 160_000 ? `GRANT ${owner} TO ${role} WITH INHERIT TRUE;` : `ALTER ROLE ${role} INHERIT;`;
  return `${role} is in that role and does not inherit from it. database.role: ${row.owner}; or as an administrator: ${inherit}`;
}

async function onOwners(relations: readonly Placed<WantedRelation>[], session: Session): Promise<Obstacle[]> {
  if (relations.length === 0) return [];
  const rows = await session.query(ownersSql(relations));
  return grouped(rows, (row) => String(row.owner)).map((group) => {
    const [first = {}] = group;
    const each = grouped(group, (row) => String(row.name)).map(([one = {}]) => one);
    const tables = each.map(({ at, kind, name }) => `the ${kind} ${name} (${relations[Number(at)]?.place})`);
    return {
      what: `only the owner may do what the pending migrations do to ${listed(tables)}: ${quoteIdentifier(String(first.owner))}, and not ${quoteIdentifier(session.facts.role)}`,
      fix: ownerFix(
        first,
        each.map(({ name }) => String(name)),
        session,
      ),
    };
  });
}

function lacks(wanted: Placed<WantedExtension>, row: Row): Obstacle | undefined {
  const { name, version, mayBeThere, place } = wanted;
  if (mayBeThere === true && row.installed !== null) return undefined;
  const versions: readonly unknown[] = Array.isArray(row.versions) ? row.versions : [];
  if (versions.length === 0) {
    return {
      what: `${place} wants the extension ${name}, which this server does not have`,
      fix: "install its package on the server, or allow it where the platform keeps a list; SELECT name FROM pg_available_extensions shows what there is",
    };
  }
  if (version === undefined || versions.includes(version)) return undefined;
  return {
    what: `${place} wants version ${version} of the extension ${name}, and this server has ${versions.join(", ")}`,
    fix: `leave VERSION out, which takes ${row.default_version}, or bring that version to the server`,
  };
}

async function onExtensions(wanted: readonly Placed<WantedExtension>[], session: Session): Promise<Obstacle[]> {
  if (wanted.length === 0) return [];
  const rows = await session.query(extensionsSql([...new Set(wanted.map(({ name }) => name))]));
  return wanted.flatMap((one) => lacks(one, rows.find((row) => row.name === one.name) ?? {}) ?? []);
}

/** Checks of the pending migrations, in the order in which they are told. */
export const fitChecks = ["extensions", "ownership"] as const;

const asChecked = (name: (typeof fitChecks)[number], obstacles: readonly Obstacle[]): Checked[] =>
  obstacles.length === 0 ? [{ name, obstacle: undefined }] : obstacles.map((obstacle) => ({ name, obstacle }));

/**
 * Whether this server has, and this session's role owns, what the pending migrations need: checks that can only run once
 * the plan is known. Reads catalogs only, in one round trip, and in none when nothing is wanted. One result for each
 * obstacle, or one without for a check that found none.
 */
export async function findMisfits(wanting: readonly Wanting[], session: Session): Promise<Checked[]> {
  const extensions = wanting.flatMap((one) => (one.wants?.extensions ?? []).map(placed(one)));
  const [absent, foreign] = await Promise.all([
    onExtensions(extensions, session),
    onOwners(relationsOf(wanting), session),
  ]);
  return [...asChecked("extensions", absent), ...asChecked("ownership", foreign)];
}

/** Rejects with `preflight-failed` where a pending migration would fail half-way through a release. */
export async function refuseMisfits(wanting: readonly Wanting[], session: Session): Promise<void> {
  const found = (await findMisfits(wanting, session)).filter(isFound);
  if (found.length > 0)
    throw preflightFailed(`the pending migrations do not fit ${session.facts.database} and this role`, found);
}
