const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Built-in functions of the sort that defaults call, each evaluated once for all rows. */
export const ONCE_FOR_ALL =
  words(`now transaction_timestamp statement_timestamp timezone date_trunc date_part extract age make_date make_time
make_timestamp make_timestamptz make_interval to_char to_date to_timestamp to_number to_json to_jsonb json_build_object
json_build_array jsonb_build_object jsonb_build_array lower upper initcap btrim ltrim rtrim lpad rpad repeat concat
concat_ws format replace substring substr left right length md5 sha256 encode decode abs round floor ceil mod power
current_setting current_schema current_database version array_fill string_to_array to_tsvector int4range int8range
numrange tsrange tstzrange daterange`);

/** Those that give each row a value of its own. */
export const ONCE_A_ROW =
  words(`clock_timestamp gen_random_uuid random random_normal nextval timeofday uuidv4 uuidv7 uuid_generate_v1
uuid_generate_v1mc uuid_generate_v4 gen_random_bytes`);
