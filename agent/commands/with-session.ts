import type { Session } from "../postgres/session.ts";
import type { Context } from "../stages/context.ts";
import { refuseStranger } from "../stages/schemas.ts";
import { openWorkSession } from "../stages/wait.ts";

/** A session that only reads, for the commands that look; it is closed whatever happens. */
export async function withSession<T>(context: Context, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openWorkSession(context, false);
  try {
    await refuseStranger(context, session);
    return await work(session);
  } finally {
    await session.close();
  }
}
