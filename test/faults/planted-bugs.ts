// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are source text, template literals and all

/** One change to the agent's sources; `search` has to be there exactly once. */
export interface Edit {
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** A mistake that is put into a copy of the agent, and where the sweep has to notice it. */
export interface PlantedBug {
  readonly name: string;
  /** More than one where the agent would catch the mistake in a second place. */
  readonly edits: readonly Edit[];
  /** What to run until it is found, as for `--only`. */
  readonly foundBy: readonly string[];
}

const LOCK_EDIT: Edit = {
  file: "agent/history/schema.ts",
  search: "IF NOT pg_catalog.pg_try_advisory_lock(lock_key)\n    OR NOT pg_catalog.pg_try_advisory_lock_shared",
  replace: "IF false AND NOT pg_catalog.pg_try_advisory_lock_shared",
};

/** Ten mistakes that others have made, and some more. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "row-outside-the-transaction",
    edits: [
      {
        file: "agent/engine/flight.ts",
        search: "record: session.query(recordSql(session.restore, plan, { rows: flight.record(flight.sql), token })),",
        replace: `record: Promise.all([
      session.query(recordSql(session.restore, plan, { rows: "SELECT 1", token })),
      session.query(\`BEGIN; \${guardSql(plan, undefined)}; \${flight.record(flight.sql)}; COMMIT\`),
    ]),`,
      },
    ],
    foundBy: ["tx/intent#1/before/kill", "tx/intent#1/before/cut"],
  },
  {
    name: "no-intent-row",
    edits: [
      {
        file: "agent/engine/non-transactional.ts",
        search: "${intent}; COMMIT`);\n  await runFrom(executor, item, 0);",
        replace:
          "COMMIT`);\n  await runFrom(executor, { ...item, books: { ...item.books, finish: () => `${intent}; ${item.books.finish()}` } }, 0);",
      },
    ],
    foundBy: ["nontx/statement#1/sent/kill", "nontx/step#1/before/kill"],
  },
  {
    name: "blocking-lock",
    edits: [
      {
        file: "agent/engine/lock.ts",
        search:
          "`SELECT pg_try_advisory_lock_shared(${NODE_PG_MIGRATE}) AS shared, pg_try_advisory_lock(${key}) AS own`",
        replace:
          "`SELECT true AS shared, true AS own FROM pg_advisory_lock_shared(${NODE_PG_MIGRATE}), pg_advisory_lock(${key})`",
      },
    ],
    foundBy: ["crowd/1"],
  },
  {
    name: "no-lock",
    edits: [
      {
        file: "agent/engine/lock.ts",
        search: "if (row.shared === true && row.own === true) return;",
        replace: "if (row !== undefined) return;",
      },
      LOCK_EDIT,
    ],
    foundBy: ["crowd/1"],
  },
  {
    name: "comes-back-without-the-lock",
    edits: [
      {
        file: "agent/stages/under-lock.ts",
        search: "const history = await lockAndRead(context, session);",
        replace:
          "const history = losses === 0 ? await lockAndRead(context, session) : await readHistory(session, context.names);",
      },
      LOCK_EDIT,
    ],
    foundBy: ["tx/flight-record#1/before/late", "tx/flight-record#2/before/late"],
  },
  {
    name: "no-set-constraints",
    edits: [
      {
        file: "agent/engine/flight.ts",
        search: "SET CONSTRAINTS ALL IMMEDIATE; COMMIT`",
        replace: "SELECT 'SET CONSTRAINTS ALL IMMEDIATE'; COMMIT`",
      },
      {
        file: "agent/history/schema.ts",
        search: "IF previous IS NOT NULL AND NOT EXISTS (",
        replace: "IF false AND NOT EXISTS (",
      },
    ],
    foundBy: ["stumble"],
  },
  {
    name: "blind-after-a-lost-commit",
    edits: [
      {
        file: "agent/stages/under-lock.ts",
        search: "  let lostPid: number | undefined;\n",
        replace: "  let lostPid: number | undefined;\n  let known: HistoryState | undefined;\n",
      },
      {
        file: "agent/stages/under-lock.ts",
        search: "const history = await lockAndRead(context, session);",
        replace: "const history = (known ??= await lockAndRead(context, session));",
      },
    ],
    foundBy: ["tx/flight-record#1/after/cut", "tx/flight-record#2/after/cut"],
  },
  {
    name: "forgets-what-got-through",
    edits: [
      {
        file: "agent/stages/under-lock.ts",
        search: "if (losses > 0 && begun !== undefined)",
        replace: "if (losses < 0 && begun !== undefined)",
      },
    ],
    foundBy: ["tx/flight-record#2/after/cut"],
  },
  {
    name: "counts-before-the-statement",
    edits: [
      {
        file: "agent/engine/non-transactional.ts",
        search: "  await clearBefore(session, step.statement);\n",
        replace:
          "  await clearBefore(session, step.statement);\n  await session.query(`BEGIN; ${counted(executor, step)}`);\n",
      },
    ],
    foundBy: ["nontx/statement#1/before", "nontx/guard#1/before"],
  },
  {
    name: "adopts-an-invalid-index",
    edits: [
      {
        file: "agent/engine/catalog.ts",
        search: 'if (row.valid === true) return "valid";',
        replace: 'if (row !== undefined) return "valid";',
      },
    ],
    foundBy: ["nontx/statement#1/during"],
  },
  {
    name: "no-intent-on-the-way-back",
    edits: [
      {
        file: "agent/history/record.ts",
        search: "\"state = 'reverting', step = 0, paused = false\"",
        replace: "\"state = 'applied', step = 0, paused = false\"",
      },
    ],
    foundBy: ["revert/step-begin#2/before/kill", "revert/guard#1/before/kill"],
  },
  {
    name: "told-before-the-commit",
    edits: [
      {
        file: "agent/engine/run-all.ts",
        search: "    const outcome = await flights.next();\n",
        replace:
          "    executor.onDone({ name: item.name, durationMs: 0 });\n    const outcome = await flights.next();\n",
      },
      {
        file: "agent/engine/run-all.ts",
        search: "    executor.onDone(doneOf(item, began, outcome));\n  }\n  executor.signal",
        replace: "    void began;\n  }\n  executor.signal",
      },
    ],
    foundBy: ["tx/file-on-items#1/during/term"],
  },
  {
    name: "exit-0-after-an-error",
    edits: [
      {
        file: "agent/commands/migrate.ts",
        search: "?.exitCode ?? 0;\n    const startedAt",
        replace: "?.exitCode === 6 ? 6 : 0;\n    const startedAt",
      },
    ],
    foundBy: ["tx/flight-begin#1/before/term"],
  },
  {
    name: "password-in-the-log",
    edits: [
      { file: "agent/postgres/sources.ts", search: "redactor.add(parts.password);", replace: "" },
      {
        file: "agent/postgres/connection.ts",
        search: "/${connection.database} as ${connection.user}`",
        replace: "/${connection.database} as ${connection.user}:${connection.password}`",
      },
    ],
    foundBy: ["tx/session#1/before/cut"],
  },
];
