import { basename } from "node:path";
import { createInterface } from "node:readline";
import { elapsed } from "../lib/clock.ts";
import { type Calling, connectionEnv, startProgram } from "../postgres/dump-programs.ts";
import { majorOf } from "./clients.ts";
import { type Backup, type BackupContext, backupFailed, type Subject } from "./context.ts";
import { backupName } from "./name.ts";

/** Runs the program of the settings, which makes the backup in its own way; it has been made when that ends with 0. */
export async function runCommand(context: BackupContext, { session, planHash }: Subject): Promise<Backup> {
  const began = elapsed();
  const { settings, env, log, signal } = context;
  const [path = "", ...args] = settings.backup.command;
  const name = backupName(new Date(), settings.history.target, planHash);
  const own = {
    HEADGATE_BACKUP_NAME: name,
    HEADGATE_TARGET: settings.history.target,
    HEADGATE_PLAN: planHash ?? "",
    ...connectionEnv(session.connection, majorOf(session.facts)),
  };
  const calling: Calling = { args, env: { ...env, ...own }, signal, failure: backupFailed, inherits: "all" };
  const running = startProgram({ path, version: "", major: 0 }, calling);
  // What it writes is talk. Whole lines: no secret is taken for two harmless halves.
  if (running.child.stdout !== null)
    createInterface(running.child.stdout).on("line", (line) => {
      if (line.trim() !== "") log.info(`  ${line}`);
    });
  try {
    await running.ended();
  } finally {
    await running.stop();
  }
  return {
    ...{ strategy: "command", name, where: basename(path), bytes: undefined, sha256: undefined },
    ...{ durationMs: Math.round(elapsed() - began), verified: "no" },
  };
}
