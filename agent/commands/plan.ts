import { lockOf } from "../rules/locks.ts";
import { makePlan, refuseBadPlan } from "../stages/plan.ts";
import { allowedWayBack, describeReturns, refuseWayBack } from "../stages/refuse-way-back.ts";
import type { Plan, PlannedMigration } from "../stages/state.ts";
import type { WayBack } from "../stages/way-back.ts";
import { type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag } from "./options.ts";
import { needsSchema } from "./over-fleet.ts";
import { withSession } from "./with-session.ts";

const statementsOf = ({ statements, findings }: PlannedMigration) =>
  (statements() ?? []).map((statement, index) => ({
    sql: statement.sql,
    ...lockOf(statement),
    findings: (findings[index] ?? []).map(({ rule, risk, danger, instead }) => ({ rule, risk, danger, instead })),
  }));

const toJson = ({ hash, migrations }: Plan) => ({
  hash,
  migrations: migrations.map((planned) => ({ name: planned.migration.name, statements: statementsOf(planned) })),
});

function describe(planned: PlannedMigration): string {
  const { migration, statements } = planned;
  const notes = [migration.transaction ? "" : "no transaction", migration.downKind === "stored" ? "" : "no way back"];
  const said = notes.filter((note) => note !== "").join(", ");
  const head = `${migration.name}${said === "" ? "" : `  (${said})`}`;
  if (statements() === undefined) {
    return `${head}\n  ${migration.up === undefined ? "its SQL is only known while it runs" : "too big to be taken apart here"}`;
  }
  const lines = statementsOf(planned).flatMap(({ sql, lock, table, rewrites, findings }) => [
    ...sql.split("\n").map((line) => `  ${line}`),
    ...(lock === null
      ? []
      : [`    lock: ${lock}${table === null ? "" : ` on ${table}`}${rewrites === true ? ", rewrites it" : ""}`]),
    ...findings.map((finding) => `    ${finding.rule} ${finding.risk}: ${finding.danger}; ${finding.instead}`),
  ]);
  return [head, ...lines].join("\n");
}

function toText({ migrations }: Plan, back: WayBack): string {
  const returns = back.returns.length === 0 ? "" : `${describeReturns(back).join("\n")}\n\n`;
  return `${returns}${migrations.map(describe).join("\n\n")}${migrations.length > 0 ? "\n" : ""}`;
}

function nextStep({ hash, migrations }: Plan, { returns, obstacles }: WayBack): string {
  if (migrations.length + returns.length === 0) return "nothing to do";
  const pin = `hash ${hash} (plan.expected pins it)`;
  return obstacles.length > 0 ? pin : `${pin}\nnext: headgate migrate`;
}

export const plan: Command = {
  options: { ...databaseOptions, "exit-code": flag("exit with 3 when migrations are pending") },
  examples: [["headgate plan --dir migrations", "what the next migrate would send, and the locks it takes"]],
  run: async (args, io) =>
    await withContext("plan", { args, io }, async (context) => {
      needsSchema(context);
      const made = await withSession(context, async (session) => await makePlan(context, session));
      const back = allowedWayBack(context, made.back);
      if (flagArg(args, "json")) io.out(`${JSON.stringify(toJson(made))}\n`);
      else {
        io.out(toText(made, back));
        io.err(`${nextStep(made, back)}\n`);
      }
      refuseBadPlan(context, made);
      if (back.obstacles.length > 0) refuseWayBack(context, back);
      return flagArg(args, "exit-code") && made.migrations.length > 0 ? 3 : 0;
    }),
};
