import type { Statement } from "../migrations/parser.ts";
import { anyBelow, type Node, nameParts } from "../migrations/tree.ts";
import { ONCE_A_ROW, ONCE_FOR_ALL } from "./volatility.ts";

/** Built-in functions that change no row of a table, as far as migrations call them. */
const HARMLESS = new Set([
  ...ONCE_FOR_ALL,
  ...ONCE_A_ROW,
  ...`nextval setval currval lastval pg_get_serial_sequence set_config current_setting pg_sleep pg_notify
pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock pg_advisory_unlock
now clock_timestamp transaction_timestamp statement_timestamp extract date_trunc age to_char to_date to_timestamp
version current_database current_schema pg_backend_pid to_regclass to_regtype format quote_ident quote_literal
count sum min max avg bool_and bool_or every array_agg string_agg json_agg jsonb_agg row_number rank dense_rank lag lead
lower upper btrim ltrim rtrim trim length char_length substring substr replace regexp_replace concat concat_ws md5
abs round floor ceil mod random gen_random_uuid generate_series unnest array_length cardinality
json_build_object jsonb_build_object to_json to_jsonb
split_part strpos position overlay starts_with reverse translate ascii chr initcap regexp_match regexp_matches
regexp_split_to_array regexp_split_to_table sha224 sha384 sha512 hashtext crypt gen_salt digest hmac sign trunc power
sqrt exp ln log width_bucket justify_days justify_hours justify_interval date isfinite greatest least nullif coalesce
array_to_string array_append array_prepend array_cat array_remove array_replace array_position array_upper array_lower
first_value last_value nth_value ntile percent_rank cume_dist percentile_cont percentile_disc mode bit_and bit_or
json_object_agg jsonb_object_agg jsonb_agg json_array_elements jsonb_array_elements json_array_elements_text
jsonb_array_elements_text json_each jsonb_each json_each_text jsonb_each_text json_object_keys jsonb_object_keys
json_populate_record jsonb_populate_record json_populate_recordset jsonb_populate_recordset json_to_record
jsonb_to_record json_to_recordset jsonb_to_recordset json_object jsonb_object jsonb_set jsonb_insert jsonb_typeof
json_typeof jsonb_strip_nulls json_strip_nulls jsonb_extract_path jsonb_extract_path_text json_extract_path
json_extract_path_text jsonb_array_length json_array_length row_to_json array_to_json to_tsquery plainto_tsquery setweight
int4multirange lower_inf upper_inf isempty txid_current pg_current_xact_id obj_description col_description`.split(
    /\s+/,
  ),
]);

const calledName = (call: Node): string => {
  const [name, schema = "pg_catalog"] = nameParts(call.funcname).toReversed();
  return schema === "pg_catalog" ? String(name) : `${schema}.${name}`;
};

/** True when the statement calls a function that may do anything, for all that the text says. */
export const callsUnknown = ({ node }: Statement): boolean =>
  anyBelow(node, (kind, call) => kind === "FuncCall" && !HARMLESS.has(calledName(call)));
