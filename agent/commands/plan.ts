import { lockOf } from "../rules/locks.ts";
import { makePlan, refuseBadPlan } from "../stages/plan.ts";
import { describeReturns } from "../stages/refuse-way-back.ts";
import type { Plan, PlannedMigration } from "../stages/state.ts";
import { type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, flag } from "./options.ts";
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

export const plan: Command = {
  options: { ...databaseOptions, "exit-code": flag("exit with 3 when migrations are pending") },
  examples: [["headgate plan --dir migrations", "what the next migrate would send, and the locks it takes"]],
  run: async (args, io) =>
    await withContext("plan", { args, io }, async (context) => {
      const made = await withSession(context, async (session) => await makePlan(context, session));
      if (flagArg(args, "json")) io.out(`${JSON.stringify(toJson(made))}\n`);
      else {
        if (made.back.returns.length > 0) io.out(`${describeReturns(made.back).join("\n")}\n\n`);
        io.out(`${made.migrations.map(describe).join("\n\n")}${made.migrations.length > 0 ? "\n" : ""}`);
        const pin =
          made.migrations.length + made.back.returns.length === 0
            ? "nothing to do"
            : `hash ${made.hash} (plan.expected pins it)\nnext: headgate migrate`;
        io.err(`${pin}\n`);
      }
      refuseBadPlan(context, made);
      return flagArg(args, "exit-code") && made.migrations.length > 0 ? 3 : 0;
    }),
};
