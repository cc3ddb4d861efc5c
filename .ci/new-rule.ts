// npm run new:rule HGnnn: the files of a lint rule that finds nothing yet. Its tests are red until it does.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const LINE_WIDTH = 120;

const { values, positionals } = parseArgs({
  options: { root: { type: "string", default: join(import.meta.dirname, "..") } },
  allowPositionals: true,
});
const { root } = values;
const [id = "", ...more] = positionals;
const number = id.slice(2);
const indexFile = join(root, "agent/rules/index.ts");

const rule = `import type { Rule } from "./rule.ts";

/** What it finds, in a few words. */
export const ${id}: Rule = {
  id: "${id}",
  risk: "medium",
  acknowledgeable: true,
  check: () => undefined,
};
`;

const page = `# ${id}: what happens, in a few words

Risk: medium.

What running clients feel, or what is lost, in two or three sentences.

\`\`\`sql
SELECT 'what is dangerous';
\`\`\`

## Instead

\`\`\`sql
SELECT 'what is safe';
\`\`\`

What it does not see. To accept it on purpose: \`-- headgate: allow ${id} reason="why it is safe here"\`.
`;

const files: Readonly<Record<string, string>> = {
  [`agent/rules/${id}.ts`]: rule,
  [`docs/rules/${id}.md`]: page,
  [`test/fixtures/migrations/unsafe/${number}0_${id}_name_the_danger.sql`]: "SELECT 'what is dangerous';\n",
  [`test/fixtures/migrations/safe/${number}0_${id}_name_the_way.sql`]: "SELECT 'what is safe';\n",
};

/** Why nothing is written; undefined when all is well. */
function objection(): string | undefined {
  if (!/^HG\d{3}$/.test(id) || more.length > 0) return "name one rule, HG and three digits: npm run new:rule HG911";
  const fixtures = ["unsafe", "safe"].flatMap((folder) => readdirSync(join(root, "test/fixtures/migrations", folder)));
  const isThere =
    Object.keys(files).some((path) => existsSync(join(root, path))) ||
    fixtures.some((file) => file.includes(`_${id}_`)) ||
    readFileSync(indexFile, "utf8").includes(id);
  return isThere ? `${id} is there already; nothing was written` : undefined;
}

/** As the formatter wants a group of the list. */
function groupOf(ids: readonly string[]): string {
  const line = `  ...[${ids.join(", ")}],`;
  return line.length <= LINE_WIDTH ? line : `  ...[\n${ids.map((one) => `    ${one},\n`).join("")}  ],`;
}

/** The list of rules with this one in its place: an import, and its id in the group of its hundred. */
function withRule(index: string): string {
  const imports = [...index.matchAll(/^import \{ (HG\d{3}) \} .*\n/gm)];
  const next = imports.find(([, other = ""]) => other > id) ?? /^import .* from "\.\/(?!HG)/m.exec(index);
  const at = next?.index ?? 0;
  const imported = `${index.slice(0, at)}import { ${id} } from "./${id}.ts";\n${index.slice(at)}`;
  const groups = [...imported.matchAll(/^ {2}\.\.\.\[([^\]]*)\],\n/gm)].map(([whole, inner = ""]) => ({
    whole,
    ids: inner.match(/HG\d{3}/g) ?? [],
  }));
  const own = groups.find(({ ids }) => ids[0]?.[2] === id[2]);
  if (own !== undefined) return imported.replace(own.whole, `${groupOf([...own.ids, id].sort())}\n`);
  const before = groups.findLast(({ ids }) => String(ids[0]) < id);
  if (before === undefined) return imported.replace("readonly One[] = [\n", `$&${groupOf([id])}\n`);
  return imported.replace(before.whole, `${before.whole}${groupOf([id])}\n`);
}

const wrong = objection();
if (wrong !== undefined) {
  process.stderr.write(`${wrong}\n`);
  process.exitCode = 1;
} else {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  writeFileSync(indexFile, withRule(readFileSync(indexFile, "utf8")));
  process.stdout.write(`${[...Object.keys(files), "agent/rules/index.ts"].join("\n")}\n`);
  process.stdout.write(
    "Now fill them in: npm run test:unit is red until the rule finds its examples. Then npm run generate\n",
  );
}
