import { errorCode } from "../lib/files.ts";

/** The SQLSTATEs that Headgate acts on, by PostgreSQL's own names (errcodes appendix). */
export const SQLSTATE = {
  invalidPassword: "28P01",
  invalidAuthorization: "28000",
  invalidCatalogName: "3D000",
  invalidSchemaName: "3F000",
  undefinedTable: "42P01",
  undefinedColumn: "42703",
  undefinedFunction: "42883",
  undefinedObject: "42704",
  insufficientPrivilege: "42501",
  tooManyConnections: "53300",
  adminShutdown: "57P01",
  crashShutdown: "57P02",
  cannotConnectNow: "57P03",
  queryCanceled: "57014",
  syntaxError: "42601",
  objectInUse: "55006",
  lockNotAvailable: "55P03",
  deadlockDetected: "40P01",
  inFailedTransaction: "25P02",
  readOnlyTransaction: "25006",
  invalidSqlStatementName: "26000",
  internalError: "XX000",
} as const;

export const sqlstateOf = (error: unknown): string | undefined => {
  const code = errorCode(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && "severity" in Object(error) ? code : undefined;
};

export const isState = (error: unknown, ...states: readonly string[]): boolean =>
  states.includes(sqlstateOf(error) ?? "");

/** True when no server was met at all. */
export const isUnreachable = (error: unknown): boolean =>
  /^(ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOTFOUND|ENOENT)/.test(errorCode(error) ?? "");

/** True when the session is gone: nobody knows yet whether a COMMIT under way got through. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlstateOf(error);
  if (state !== undefined) return state.startsWith("08") || state.startsWith("57P");
  const code = errorCode(error) ?? "";
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOTFOUND)/.test(code)) return true;
  return error instanceof Error && /Connection terminated|not queryable|Client was closed/.test(error.message);
}
