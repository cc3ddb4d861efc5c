import { type ProviderOwned, providerOwned } from "../../agent/postgres/provider-owned.ts";

const MARK = "<!-- provider-owned: written by .ci/generate.ts -->\n";

const code = (names: readonly string[] = []): string => names.map((name) => `\`${name}\``).join(", ");

const whereOf = ({ sign }: ProviderOwned): string => {
  if (sign === undefined) return "";
  return "role" in sign ? `the role \`${sign.role}\`` : `the extension \`${sign.extension}\``;
};

const rowOf = (one: ProviderOwned): string =>
  `| ${[one.provider, whereOf(one), code(one.schemas), code(one.extensions), code(one.owners)].join(" | ")} |`;

/** docs/verify.md with the list of what is never looked at, behind its mark. */
export function verifyPage(page: string): string {
  const [text = ""] = page.split(MARK);
  const table = [
    "| whose | only where there is | schemas | extensions | whatever belongs to |",
    "| --- | --- | --- | --- | --- |",
  ];
  return `${text}${MARK}\n${[...table, ...providerOwned.map(rowOf)].join("\n")}\n`;
}
