import type { Statement } from "../migrations/parser.ts";
import { asNode, list } from "../migrations/tree.ts";
import { type TableName, tableOf } from "./alter.ts";

/** Comments and texts of PL/pgSQL. Text that is built and run stands in them too, but then after EXECUTE. */
const SAID = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|\$([a-z_]\w*)?\$[\s\S]*?\$\1\$/gi;

/** The body of a DO block without its comments, its texts empty; undefined for every other statement. */
export function doBody({ kind, node }: Statement): string | undefined {
  if (kind !== "DoStmt") return undefined;
  const bodies = list(node.args)
    .map(({ DefElem }) => asNode(DefElem))
    .filter(({ defname }) => defname === "as")
    .map(({ arg }) => String(asNode(asNode(arg).String).sval));
  return bodies.join("\n").replace(SAID, (part) => (/^(--|\/\*)/.test(part) ? " " : "''"));
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)`;
const CHANGES_ROWS = new RegExp(
  String.raw`(?:^|;|\b(?:BEGIN|THEN|ELSE|LOOP))\s*(UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?(?!SET\b)(?:(${NAME})\s*\.\s*)?(${NAME})([^;]*)`,
  "gi",
);
const IN_BATCHES = /\b(COMMIT|LIMIT)\b/i;

const bare = (name: string | undefined): string | undefined =>
  name?.startsWith('"') === true ? name.slice(1, -1).replaceAll('""', '"') : name?.toLowerCase();

/** Without what stands in parentheses. */
function outermost(text: string): string {
  const next = text.replace(/\([^()]*\)/g, " ");
  return next === text ? text : outermost(next);
}

/** The UPDATE and DELETE of all rows in such a body; none where it goes on in batches. */
export function boundlessIn(body: string): readonly { readonly word: string; readonly table: TableName }[] {
  if (IN_BATCHES.test(body)) return [];
  return [...body.matchAll(CHANGES_ROWS)].flatMap(([, word = "", schemaname, relname, rest = ""]) =>
    /\bWHERE\b/i.test(outermost(rest))
      ? []
      : [
          {
            word: /^\w+/.exec(word.toUpperCase())?.[0] ?? word,
            table: tableOf({ schemaname: bare(schemaname), relname: bare(relname) }),
          },
        ],
  );
}
