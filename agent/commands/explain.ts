import { join } from "node:path";
import { catalogue, type ErrorId, isErrorId } from "../errors/catalogue.ts";
import { type ExitCode, exitCodes } from "../errors/exit-codes.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { readTextIfThere } from "../lib/files.ts";
import { didYouMean } from "../lib/nearest.ts";
import { type Command, flagArg, textArg } from "./command.ts";
import { jsonOption } from "./options.ts";
import { table } from "./table.ts";

const isExitCode = (code: number): code is ExitCode => code in exitCodes;

/** Where the pages lie: beside the bundle, where the build puts them; else where they are written. */
const PAGES = [".", join("..", "..", "docs")] as const;

/** A page as it is written; undefined when there is none. */
function pageOf(kind: "errors" | "rules", id: string): string | undefined {
  for (const folder of PAGES) {
    const text = readTextIfThere(join(import.meta.dirname, folder, kind, `${id}.md`));
    if (text !== undefined) return text.trimEnd();
  }
  return undefined;
}

function explainError(id: ErrorId) {
  const page = pageOf("errors", id);
  if (page === undefined) {
    throw new HeadgateError("bug", {
      what: `this installation of Headgate has no page for ${id}`,
      fix: "install it again: its build puts docs/errors beside the bundle",
      stands: "nothing was changed",
    });
  }
  return { data: { id, ...catalogue[id], page }, text: page };
}

function explainExit(code: ExitCode) {
  const entry = exitCodes[code];
  const ids = Object.keys(catalogue).filter((id) => isErrorId(id) && catalogue[id].exit === code);
  const text = [
    `exit code ${code}: ${entry.meaning}`,
    `  Database changed: ${entry.changed}`,
    `  The Job: ${entry.job}`,
    ...(ids.length === 0 ? [] : [`  Errors that end so: ${ids.join(", ")}`]),
  ];
  return { data: { code, ...entry, errors: ids }, text: text.join("\n") };
}

function overview() {
  const rows = Object.keys(catalogue).flatMap((id) =>
    isErrorId(id) ? [[id, String(catalogue[id].exit), catalogue[id].meaning]] : [],
  );
  return { data: catalogue, text: table([["CODE", "EXIT", "MEANING"], ...rows]) };
}

async function explanation(code: string | undefined) {
  if (code === undefined) return overview();
  if (isErrorId(code)) return explainError(code);
  if (isExitCode(Number(code))) return explainExit(Number(code) as ExitCode);
  // A name as the rules have it leads to no other file.
  const page = /^HG\d{3}$/i.test(code) ? pageOf("rules", code.toUpperCase()) : undefined;
  if (page !== undefined) return { data: { rule: code, page }, text: page };
  throw new HeadgateError("usage", {
    what: `there is no error, rule or exit code "${code}"${didYouMean(code, Object.keys(catalogue))}`,
    fix: "headgate explain lists the errors; headgate lint names the rules",
    stands: "nothing was changed",
  });
}

export const explain: Command = {
  options: jsonOption,
  positionals: { code: { describe: "an error's name, a rule or an exit code; none lists the errors" } },
  examples: [
    ["headgate explain 4", "what exit code 4 means, and the errors that end so"],
    ["headgate explain busy", "the page of an error: what stands, and what to do in which order"],
    ["headgate explain HG101", "the page of a rule: what is dangerous, and files that are not"],
  ],
  run: async (args, io) => {
    const { data, text } = await explanation(textArg(args, "code"));
    io.out(`${flagArg(args, "json") ? JSON.stringify(data) : text}\n`);
    return 0;
  },
};
