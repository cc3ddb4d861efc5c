import type { Statement } from "../migrations/parser.ts";
import { anyBelow, type Node, nameParts } from "../migrations/tree.ts";

/** Built-in functions that change no row of a table, as far as migrations call them in a SELECT. */
const HARMLESS = new Set(
  `nextval setval currval lastval pg_get_serial_sequence set_config current_setting pg_sleep pg_notify
pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock pg_advisory_unlock
now clock_timestamp transaction_timestamp statement_timestamp extract date_trunc age to_char to_date to_timestamp
version current_database current_schema pg_backend_pid to_regclass to_regtype format quote_ident quote_literal
count sum min max avg bool_and bool_or every array_agg string_agg json_agg jsonb_agg row_number rank dense_rank lag lead
lower upper btrim ltrim rtrim trim length char_length substring substr replace regexp_replace concat concat_ws md5
abs round floor ceil mod random gen_random_uuid generate_series unnest array_length cardinality
json_build_object jsonb_build_object to_json to_jsonb`.split(/\s+/),
);

const calledName = (call: Node): string => {
  const [name, schema = "pg_catalog"] = nameParts(call.funcname).toReversed();
  return schema === "pg_catalog" ? String(name) : `${schema}.${name}`;
};

/** True when the statement calls a function that may do anything, for all that the text says. */
export const callsUnknown = ({ node }: Statement): boolean =>
  anyBelow(node, (kind, call) => kind === "FuncCall" && !HARMLESS.has(calledName(call)));
