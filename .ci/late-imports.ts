import type { Plugin } from "rolldown";
import { parseSync, Visitor } from "rolldown/utils";

/**
 * Has what stays an `import()` in the bundle, such as that of a team's migration, done by agent/start.ts: Node allows none in
 * what it loads.
 */
export const lateImports: Plugin = {
  name: "late-imports",
  renderChunk(code, { fileName }) {
    const { program, errors } = parseSync(fileName, code);
    if (errors.length > 0) throw new Error(`${fileName} cannot be parsed: ${errors[0]?.message}`);
    const starts: number[] = [];
    new Visitor({ ImportExpression: ({ start }) => void starts.push(start) }).visit(program);
    const from = [0, ...starts.sort((a, b) => a - b)];
    return from.map((start, at) => code.slice(start, from[at + 1])).join("require.");
  },
};
