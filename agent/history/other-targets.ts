import { HeadgateError } from "../errors/headgate-error.ts";
import type { Client } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Names } from "./schema.ts";

/**
 * Those of `candidates` that another set of migrations in this database has applied: they are not ours to import. Rejects
 * with `history-unusable` when it is this schema that has, before a fleet was made of it, or afterwards.
 */
export async function ofOtherTargets(client: Client, names: Names, candidates: readonly string[]): Promise<string[]> {
  const list = candidates.map(quoteLiteral).join(", ");
  const rows = await client.query(
    `SELECT name, bool_or(target = ${names.twin}) AS twin FROM ${names.history} WHERE target <> ${names.target} AND name IN (${list}) GROUP BY name`,
  );
  if (rows.some((row) => row.twin === true)) throw ofTwin(names);
  return names.ownMirror ? [] : rows.map((row) => String(row.name));
}

function ofTwin({ history, reverted, target, twin, pgmigrations, ownMirror }: Names): HeadgateError {
  const move = [history, reverted].map((table) => `UPDATE ${table} SET target = ${target} WHERE target = ${twin};`);
  const [were, back] = ownMirror
    ? ["without a fleet", "take the schema out of the fleet"]
    : ["as one schema of a fleet", "give the release its fleet back"];
  return new HeadgateError("history-unusable", {
    what: `the migrations of ${pgmigrations} were applied ${were}, as target ${twin}; here they would be those of ${target}`,
    fix: `${back}; or, when it is meant to stay like this, move its history once: ${move.join(" ")}`,
    stands: "nothing was changed",
  });
}

/** A schema of a fleet that was dropped and made anew: there is nothing in it, whatever its history says. */
export async function isEmptied(client: Client, { ownMirror, pgmigrationsName }: Names): Promise<boolean> {
  if (!ownMirror) return false;
  const [row] = await client.query(
    `SELECT NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid) AS empty FROM pg_namespace n WHERE n.nspname = ${quoteLiteral(pgmigrationsName.schema)}`,
  );
  return row?.empty === true;
}
