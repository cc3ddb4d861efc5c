import type { Statement } from "../migrations/parser.ts";
import { anyBelow, asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import type { FileRule } from "./rule.ts";

interface Setting {
  readonly name: string;
  readonly line: number | undefined;
}

const textOf = (value: unknown): unknown => asNode(asNode(asNode(value).A_Const).sval).sval;

/** The name that a set_config(…, false) sets. */
function configured({ funcname, args }: Node): string | undefined {
  const [name, , isLocal] = list(args);
  const stays = asNode(asNode(asNode(isLocal).A_Const).boolval);
  if (nameParts(funcname).at(-1) !== "set_config" || isLocal?.A_Const === undefined) return undefined;
  return stays.boolval === true ? undefined : String(textOf(name));
}

function setBy({ kind, node, line }: Statement): readonly Setting[] {
  if (kind === "VariableSetStmt")
    return node.kind === "VAR_SET_VALUE" && node.is_local !== true ? [{ name: String(node.name), line }] : [];
  const found: Setting[] = [];
  if (kind !== "SelectStmt") return found;
  anyBelow(node.targetList, (name, part) => {
    const setting = name === "FuncCall" ? configured(part) : undefined;
    if (setting !== undefined) found.push({ name: setting, line });
    return false;
  });
  return found;
}

const resets = ({ kind, node }: Statement): string | undefined =>
  kind === "VariableSetStmt" && /^VAR_(RESET|SET_DEFAULT)$/.test(String(node.kind)) ? String(node.name) : undefined;

/** Settings that outlive the transaction of their file. */
export const HG804: FileRule = {
  id: "HG804",
  risk: "low",
  acknowledgeable: true,
  checkFile({ migration, statements }) {
    if (!migration.transaction) return [];
    const reset = new Set(statements.map(resets));
    const left = statements.flatMap(setBy).filter(({ name }) => !reset.has(name));
    const [first] = left;
    if (first === undefined) return [];
    const names = [...new Set(left.map(({ name }) => name))].join(", ");
    return [
      {
        line: first.line,
        danger: `${names}: set for the session and not for the file, so it holds in the migrations that node-pg-migrate's own command runs after this one; Headgate has to reset the session first`,
        instead: "SET LOCAL in place of SET, true in place of false in set_config: it ends with the transaction",
      },
    ];
  },
};
