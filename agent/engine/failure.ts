import { catalogue } from "../errors/catalogue.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { GUARD } from "../history/schema.ts";
import { reasonOf } from "../lib/reason.ts";
import { caret, type Statement } from "../migrations/parser.ts";
import { statementsBefore } from "../postgres/client.ts";
import { isState, SQLSTATE, sqlstateOf } from "../postgres/sqlstate.ts";
import type { FlightStep } from "./flight.ts";
import type { WorkItem } from "./work.ts";

export interface FailedWork {
  readonly item: WorkItem;
  /** The statements that were sent; without it, all of the item's. */
  readonly sent?: readonly Statement[];
  readonly step: FlightStep;
  readonly error: unknown;
}

const field = (error: unknown, name: string): string | undefined => {
  const value = typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
};

interface Place {
  readonly where: string;
  readonly excerpt: readonly string[];
}

function placeOf({ item, sent, error }: FailedWork): Place {
  const up = item.text();
  if (up === undefined) return { where: item.name, excerpt: [] };
  const position = Number(field(error, "position") ?? 0);
  if (position > 0 && up.line !== undefined) {
    const { line, excerpt } = caret(up.sql, position, up.line);
    return { where: `${up.file}:${line}`, excerpt };
  }
  const statement = (sent ?? item.statements())?.[statementsBefore(error) ?? -1];
  if (statement === undefined) return { where: up.file, excerpt: [] };
  const head = statement.sql.split("\n").slice(0, 4);
  return {
    where: statement.line === undefined ? up.file : `${up.file}:${statement.line}`,
    excerpt: head.map((text) => `| ${text.slice(0, 160)}`),
  };
}

/** The server's words: what, SQLSTATE, DETAIL, HINT, and where in the file. */
export function sqlDetails(work: FailedWork): { where: string; details: string[] } {
  const { where, excerpt } = placeOf(work);
  const detail = field(work.error, "detail");
  const hint = field(work.error, "hint");
  const context = field(work.error, "where");
  return {
    where,
    details: [
      ...excerpt,
      ...(detail === undefined ? [] : [`detail: ${detail}`]),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
      ...(context === undefined ? [] : [`context: ${context.split("\n")[0]}`]),
    ],
  };
}

/** Table, column, object, schema: made before, by somebody or by a run whose record was lost. */
const ALREADY_THERE = ["42P07", "42701", "42710", "42P06"];

const MISSING_OURS = [
  SQLSTATE.undefinedTable,
  SQLSTATE.invalidSchemaName,
  SQLSTATE.undefinedFunction,
  SQLSTATE.undefinedColumn,
] as const;

function guardRefusal(work: FailedWork): HeadgateError | undefined {
  const { error, item } = work;
  if (isState(error, GUARD.deadline)) {
    return new HeadgateError("out-of-time", {
      what: `stopped before ${item.name}: ${reasonOf(error)}`,
      cause: error,
    });
  }
  if (isState(error, GUARD.lockLost)) {
    return new HeadgateError("busy", { what: `stopped before ${item.name}: ${reasonOf(error)}`, cause: error });
  }
  if (isState(error, GUARD.predecessorMissing)) {
    return new HeadgateError("history-damaged", {
      what: `stopped before ${item.name}: ${reasonOf(error)}`,
      cause: error,
    });
  }
  if (isState(error, GUARD.transactionEnded)) {
    return new HeadgateError("needs-attention", {
      what: `${item.name} ended its own transaction, so part of it is committed`,
      stands: `what stands before that COMMIT in ${item.name} is committed; what follows it may be too; the history has no row of it, so the next run begins it anew`,
      fix: "finish it by hand or undo what is committed, then take BEGIN, COMMIT and ROLLBACK out of the file, or declare -- headgate: no-transaction",
      cause: error,
    });
  }
  return undefined;
}

/** The catalogued error of a migration that failed inside its transaction. Locks and lost connections come before. */
export function migrationFailure(work: FailedWork): HeadgateError {
  const refused = guardRefusal(work);
  if (refused !== undefined) return refused;
  const { item, error, step } = work;
  if (step === "record" && isState(error, ...MISSING_OURS)) {
    return new HeadgateError("history-damaged", {
      what: `${item.name} removes or changes Headgate's own tables: ${reasonOf(error)}`,
      stands: `${item.name} was rolled back whole`,
      cause: error,
    });
  }
  const { where, details } = sqlDetails(work);
  const particulars = {
    what: `${where}: ${reasonOf(error)}${sqlstateOf(error) === undefined ? "" : ` (SQLSTATE ${sqlstateOf(error)})`}`,
    details:
      step === "record" && !isState(error, GUARD.settingsReset)
        ? ["raised at the end of the transaction, when deferred constraints are checked", ...details]
        : details,
    cause: error,
  };
  const existing = isState(error, ...ALREADY_THERE) && item.direction === "up";
  const fix = existing
    ? {
        fix: `${catalogue["migration-failed"].fix}; or, when the schema is already as this file leaves it, record that: headgate baseline --to ${item.name} --yes`,
      }
    : {};
  const whole = item.transaction ? "was rolled back whole" : "did nothing";
  return item.direction === "up"
    ? new HeadgateError("migration-failed", { ...particulars, ...fix, stands: `${item.name} ${whole}` })
    : new HeadgateError("revert-failed", {
        ...particulars,
        stands: `${item.name} is still applied: its down SQL ${whole}`,
      });
}
