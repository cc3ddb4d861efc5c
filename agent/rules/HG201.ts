import { anyBelow, asNode, list, nameParts } from "../migrations/tree.ts";
import { actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** Built-in functions of the sort that defaults call, each evaluated once for all rows. */
const ONCE = new Set(
  `now transaction_timestamp statement_timestamp timezone date_trunc date_part extract age make_date make_time
make_timestamp make_timestamptz make_interval to_char to_date to_timestamp to_number to_json to_jsonb json_build_object
json_build_array jsonb_build_object jsonb_build_array lower upper initcap btrim ltrim rtrim lpad rpad repeat concat
concat_ws format replace substring substr left right length md5 sha256 encode decode abs round floor ceil mod power
current_setting current_schema current_database version array_fill string_to_array to_tsvector int4range int8range
numrange tsrange tstzrange daterange`.split(/\s+/),
);

const VOLATILE = new Set(
  `clock_timestamp gen_random_uuid random random_normal nextval timeofday uuidv4 uuidv7 uuid_generate_v1 uuid_generate_v1mc
uuid_generate_v4 gen_random_bytes`.split(/\s+/),
);

/** The name of a call that may give each row a value of its own. */
function callIn(expression: unknown): string | undefined {
  const names: string[] = [];
  anyBelow(expression, (kind, { funcname }) => {
    if (kind === "FuncCall")
      names.push(
        nameParts(funcname)
          .join(".")
          .replace(/^pg_catalog\./, ""),
      );
    return false;
  });
  return names.find((name) => !ONCE.has(name));
}

/** A new column whose default has to be computed row by row. */
export const HG201: Rule = {
  id: "HG201",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    for (const { table, def } of actionsOn(statement, made, "AT_AddColumn")) {
      const given = list(def.constraints).find(({ Constraint }) => asNode(Constraint).contype === "CONSTR_DEFAULT");
      const call = callIn(asNode(given?.Constraint).raw_expr);
      if (call === undefined) continue;
      const name = sqlName(String(def.colname));
      const unless = VOLATILE.has(call) ? "" : `, unless ${call}() is declared STABLE or IMMUTABLE`;
      return {
        danger: `nobody can read or write ${table.sql} while each row gets its own ${call}() and is written anew (ACCESS EXCLUSIVE lock)${unless}`,
        instead: `add ${name} without the default; then ALTER TABLE ${table.sql} ALTER COLUMN ${name} SET DEFAULT …, which only new rows get; and fill the older ones in batches`,
        table: table.sql,
        ifRewritten: "high",
      };
    }
    return undefined;
  },
};
