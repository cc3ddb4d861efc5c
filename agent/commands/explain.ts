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
const PAGES = ["errors", join("..", "..", "docs", "errors")] as const;

/** The page of an error, as it is written. */
async function pageOf(id: ErrorId): Promise<string> {
  for (const folder of PAGES) {
    const text = await readTextIfThere(join(import.meta.dirname, folder, `${id}.md`));
    if (text !== undefined) return text.trimEnd();
  }
  throw new HeadgateError("bug", {
    what: `this installation of Headgate has no page for ${id}`,
    fix: "install it again: its build puts docs/errors beside the bundle",
    stands: "nothing was changed",
  });
}

async function explainError(id: ErrorId) {
  const page = await pageOf(id);
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
  if (isErrorId(code)) return await explainError(code);
  if (isExitCode(Number(code))) return explainExit(Number(code) as ExitCode);
  throw new HeadgateError("usage", {
    what: `there is no error or exit code "${code}"${didYouMean(code, Object.keys(catalogue))}`,
    fix: "headgate explain lists them all",
  });
}

export const explain: Command = {
  options: jsonOption,
  positionals: { code: { describe: "an error's name or an exit code; none lists all" } },
  examples: [
    ["headgate explain 4", "what exit code 4 means, and the errors that end so"],
    ["headgate explain busy", "the page of an error: what stands, and what to do in which order"],
  ],
  run: async (args, io) => {
    const { data, text } = await explanation(textArg(args, "code"));
    io.out(`${flagArg(args, "json") ? JSON.stringify(data) : text}\n`);
    return 0;
  },
};
