import { asNode, type Node, nameParts } from "../migrations/tree.ts";

/** A column's type without the schema of the built-in ones: `int2`, `varchar`, `shop.mood`. */
export const typeOf = ({ typeName }: Node): string =>
  nameParts(typeName)
    .join(".")
    .replace(/^pg_catalog\./, "");

export const isArray = ({ typeName }: Node): boolean => asNode(typeName).arrayBounds !== undefined;

/** True for a change to text, or to varchar without a length, of values as they are: each text fits as it lies there. */
export const takesAnyText = (column: Node): boolean =>
  column.raw_default === undefined &&
  asNode(column.typeName).typmods === undefined &&
  !isArray(column) &&
  /^(text|varchar)$/.test(typeOf(column));
