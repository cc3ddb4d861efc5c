import { catalogue, isErrorId } from "../errors/catalogue.ts";
import { type ExitCode, exitCodes } from "../errors/exit-codes.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { didYouMean } from "../lib/nearest.ts";
import { type Command, flagArg, textArg } from "./command.ts";
import { jsonOption } from "./options.ts";
import { table } from "./table.ts";

const isExitCode = (code: number): code is ExitCode => code in exitCodes;

function explainError(id: keyof typeof catalogue) {
  const entry = catalogue[id];
  const text = [
    `${id} (exit code ${entry.exit})`,
    `  ${entry.meaning}`,
    "  Usual causes:",
    ...entry.causes.map((cause) => `    - ${cause}`),
    `  What to do: ${entry.fix}`,
  ];
  return { data: { id, ...entry }, text: text.join("\n") };
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

function explanation(code: string | undefined) {
  if (code === undefined) return overview();
  if (isErrorId(code)) return explainError(code);
  if (isExitCode(Number(code))) return explainExit(Number(code) as ExitCode);
  throw new HeadgateError("usage", {
    what: `there is no error or exit code "${code}"${didYouMean(code, Object.keys(catalogue))}`,
    fix: "headgate explain lists them all",
  });
}

export const explain: Command = {
  options: jsonOption,
  positionals: { code: { describe: "an error's name or an exit code; none lists all" } },
  examples: [["headgate explain 4", "what exit code 4 means and what to do"]],
  run: async (args, io) => {
    const { data, text } = explanation(textArg(args, "code"));
    io.out(`${flagArg(args, "json") ? JSON.stringify(data) : text}\n`);
    return 0;
  },
};
