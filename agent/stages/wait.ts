import { HeadgateError } from "../errors/headgate-error.ts";
import { parseDuration } from "../lib/duration.ts";
import { awaitSession } from "../postgres/await-session.ts";
import { isLocal } from "../postgres/connection.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import { refuseStranger } from "./schemas.ts";
import type { Stage } from "./stage.ts";
import { errorOfVerdict, readVerdict } from "./verdict.ts";

/** A session as this run wants it, waited for inside wait.timeout and what is left of the deadline. */
export async function openWorkSession(context: Context, writable: boolean): Promise<Session> {
  const { settings, source, signal, log, applicationName } = context;
  return await awaitSession({
    source,
    signal,
    log,
    writable,
    timeoutMs: Math.min(parseDuration(settings.wait.timeout), context.deadline.leftMs()),
    options: {
      applicationName,
      database: settings.database,
      onNotice: (message) => log.debug(`the server notes: ${message}`),
    },
  });
}

/** In the Job's pod the init container has waited already; its verdict counts, and Helm prints it only from here. */
async function obeyVerdict(runFolder: string): Promise<void> {
  const verdict = readVerdict(runFolder, "wait");
  if (verdict === undefined) {
    throw new HeadgateError("bug", { what: `the init container wait left no verdict in ${runFolder}` });
  }
  const error = errorOfVerdict(verdict);
  if (error !== undefined) throw error;
}

const WRITES = ["wait", "migrate", "revert", "repair", "baseline", "accept"];

export const wait: Stage = {
  name: "wait",
  changes: "nothing",
  async run(context) {
    if (context.runFolder !== undefined && ["migrate", "revert"].includes(context.command))
      await obeyVerdict(context.runFolder);
    const session = await openWorkSession(context, WRITES.includes(context.command));
    const { facts, connection } = session;
    await refuseStranger(context, session).catch(async (error: unknown) => {
      await session.close();
      throw error;
    });
    if (connection.tls.mode !== "verify-full" && !isLocal(connection.host)) {
      context.log.info(`TLS mode is ${connection.tls.mode}, weaker than verify-full`);
    }
    return {
      state: { session },
      summary: `PostgreSQL ${facts.versionText}, database ${facts.database}, as ${facts.role}${facts.pooler === undefined ? "" : ", through a pooler"}`,
    };
  },
};
