import { promises } from "node:fs";
import { dirname, resolve } from "node:path";
import { writeWhole } from "../lib/files.ts";
import { inTime } from "../lib/in-time.ts";
import { reasonOf } from "../lib/reason.ts";
import { type Account, accountOf, cleanAccount, readAccount } from "./account.ts";
import { formatOfFile } from "./formats.ts";
import { cleanReport } from "./report.ts";
import type { Delivery, Sink } from "./sink.ts";

/** The sink's own time is longer: without the history a page is poorer, and still a page. */
const HISTORY_MS = 2_500;

const POORER = "the database did not answer any more: SQL, and locks of an earlier run, are missing here";

/** With SQL and locks from the history, where the run left a row and the database still answers. */
async function accountFor({ session, run, names, report, clean, pod }: Delivery): Promise<Account> {
  const known = { report: cleanReport(report, clean), by: pod?.name };
  if (session === undefined || run === undefined) return accountOf(known);
  try {
    const account = await inTime(readAccount(session, names, { id: run, report: known.report }), HISTORY_MS);
    return account === undefined ? accountOf(known) : cleanAccount(account, clean);
  } catch {
    return accountOf({ ...known, notes: [POORER] });
  }
}

async function write(path: string, account: Account): Promise<void> {
  const render = await formatOfFile(path)?.load();
  if (render === undefined) throw new Error("it ends as no format does");
  await promises.mkdir(dirname(path), { recursive: true });
  await writeWhole(path, render(account));
}

export const files: Sink = {
  name: "files",
  wanted: (delivery) => delivery.files.length > 0,
  async deliver(delivery) {
    const account = await accountFor(delivery);
    const paths = delivery.files.map((path) => resolve(path));
    const results = await Promise.allSettled(paths.map(async (path) => await write(path, account)));
    const problems = results.flatMap((result, at) =>
      result.status === "rejected" ? [`${paths[at]}: ${reasonOf(result.reason)}`] : [],
    );
    for (const [at, path] of paths.entries()) {
      if (results[at]?.status === "fulfilled") delivery.log.info(`report: ${path}`, { path });
    }
    if (problems.length > 0) throw new Error(problems.join("; "));
  },
};
