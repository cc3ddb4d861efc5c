import type { ErrorObject } from "ajv";
import { didYouMean } from "../lib/nearest.ts";
import { CATALOG_NAME, COLUMN_NAME, DURATION, FUNCTION_NAME, POSITIVE_DURATION } from "./schema/patterns.ts";

const keyOf = (pointer: string): string =>
  pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");

const joined = (parent: string, key: string): string => (parent === "" ? key : `${parent}.${key}`);

function unknownKey(error: ErrorObject): string {
  const key = String(error.params.additionalProperty);
  const siblings = Object.keys(error.parentSchema?.properties ?? {});
  const hint = didYouMean(key, siblings) || `; known here: ${siblings.join(", ")}`;
  return `${joined(keyOf(error.instancePath), key)}: unknown key${hint}`;
}

/** A value that fits: one of the schema's examples, else the default. */
function fitting(schema: ErrorObject["parentSchema"]): string {
  const given: unknown = [...(Array.isArray(schema?.examples) ? schema.examples : []), schema?.default].find(
    (one) => typeof one === "string" && one !== "",
  );
  return given === undefined ? "" : `; write it like ${String(given)}`;
}

function misfit(pattern: string, schema: ErrorObject["parentSchema"]): string {
  if (pattern === DURATION) return "is not a duration: write 500ms, 45s, 10m or 1h";
  if (pattern === POSITIVE_DURATION) return "is not a duration above 0: write 500ms, 45s, 10m or 1h";
  if (pattern === CATALOG_NAME) return 'names nothing: write orders, shop.orders or shop."Order"';
  if (pattern === COLUMN_NAME)
    return "names nothing: write its table's name before it, orders.total or shop.orders.total";
  if (pattern === FUNCTION_NAME) return "names no function: write total_of, or total_of(integer, text)";
  const example = fitting(schema);
  return example === "" ? `does not fit ${pattern}` : `does not fit${example}`;
}

/** One sentence a problem, each with the key as one writes it in values.yaml. */
export function explainProblem(error: ErrorObject): string {
  const key = keyOf(error.instancePath);
  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(error);
    case "enum":
      return `${key}: ${JSON.stringify(error.data)} is none of ${JSON.stringify(error.params.allowedValues)}`;
    case "type":
      return `${key}: wants ${String(error.params.type).replaceAll(",", " or ")}, not ${JSON.stringify(error.data)}${error.params.type === "string" ? fitting(error.parentSchema) : ""}`;
    case "pattern":
      return `${key}: ${JSON.stringify(error.data)} ${misfit(String(error.params.pattern), error.parentSchema)}`;
    case "required":
      return `${joined(key, String(error.params.missingProperty))}: is missing`;
    default:
      return `${key}: ${error.message ?? error.keyword}`;
  }
}
