import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Traced } from "../../agent/stages/trace-statements.ts";
import { programsOf } from "../faults/servers.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { type Claim, type Outcome, tryFixtures } from "./trace-fixtures.ts";

/** Files that end in an error where they are run, and why. With a server's number: there alone. */
const FAILS: Readonly<Record<string, string>> = {
  "1060_HG106_concurrently_on_partitioned": "PostgreSQL builds no index concurrently on a partitioned table",
  "6010_HG601_enum_value_used_at_once": "a new value of an enum may not be used in the transaction that adds it",
  "14 3120_HG312_not_enforced": "NOT ENFORCED came with PostgreSQL 18",
  "14 5060_HG506_partitioned_not_valid": "a foreign key of a partitioned table may be NOT VALID since PostgreSQL 18",
};

/** Statements of which the plan cannot tell all, and why. It is right about all others. */
const UNTOLD: Readonly<Record<string, string>> = {
  "4102_HG410_access_too_wide:1": "the tables of an SQL function stand in a text that is not taken apart",
  "2140_HG214_domain_writes_rows:2": "the domain is made by the same file, so no catalog knows what it asks for",
  "8120_HG812_hidden_in_do:1": "a DO block does what it does when it runs",
};

/** Claims of rules that do not show here, and why. */
const UNSEEN: Readonly<Record<string, string>> = {
  "3040_HG304_primary_key_of_nullable HG101": "the file holds a stronger lock on the table before",
  "6050_HG605_domain_condition HG605": "the tables have a column of the domain, and no file names them",
};

const OLDEST = "14";
const NEWEST = "18";
const servers = new Map<string, Server>();
const runs = new Map<string, readonly Outcome[]>();
let home = "";

async function serverOf(major: string): Promise<Server> {
  const before = process.env.HEADGATE_TEST_POSTGRES_BIN;
  if (major === OLDEST) process.env.HEADGATE_TEST_POSTGRES_BIN = programsOf(major, home);
  try {
    return await startServer({ settings: ["fsync = off"] });
  } finally {
    if (before === undefined) delete process.env.HEADGATE_TEST_POSTGRES_BIN;
    else process.env.HEADGATE_TEST_POSTGRES_BIN = before;
  }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "headgate-trace-"));
  for (const major of [OLDEST, NEWEST]) servers.set(major, await serverOf(major));
  const all = [...servers].map(async ([major, server]) => runs.set(major, await tryFixtures(server.url())));
  await Promise.all(all);
}, 600_000);

afterAll(async () => {
  await Promise.all([...servers.values()].map(async (server) => await server.remove()));
  rmSync(home, { recursive: true, force: true });
});

const outcomes = (major: string): readonly Outcome[] => runs.get(major) ?? [];

/** Whether some statement of the file did what a rule says of it. */
const shows = ({ statements }: Outcome, { danger, modes, writtenAnew }: Claim): boolean => {
  const named = (table: string) => danger.includes(table);
  const locks = statements.flatMap(({ traced }) => traced.locks).filter(({ table }) => named(table));
  const rewritten = statements.flatMap(({ traced }) => traced.rewritten).filter(named);
  return modes.every((mode) => locks.some(({ lock }) => lock === mode)) && (!writtenAnew || rewritten.length > 0);
};

/** What was planned and seen of each kind of statement, in numbers. */
function agreementTable(major: string): string {
  const statements = outcomes(major).flatMap((outcome) => outcome.statements);
  const kinds = Map.groupBy(statements, ({ sql }) => /[A-Z]+( [A-Z]+)?/.exec(sql)?.[0] ?? sql);
  const line = (kind: string, all: typeof statements) => {
    const some = (verdict: string) => all.filter(({ traced }) => traced.verdict === verdict).length;
    return [
      kind.padEnd(24),
      ...[all.length, some("right"), some("untold"), some("wrong")].map((n) => String(n).padStart(8)),
    ].join("");
  };
  const head =
    `PostgreSQL ${major}`.padEnd(24) + ["all", "right", "untold", "wrong"].map((word) => word.padStart(8)).join("");
  return [head, ...[...kinds].toSorted().map(([kind, all]) => line(kind, all)), line("together", statements)].join(
    "\n",
  );
}

const told = (list: Readonly<Record<string, string>>, major: string, what: string): boolean =>
  what in list || `${major} ${what}` in list;

/** Entries of a list that nothing on either server needs. */
const idle = (list: Readonly<Record<string, string>>, needed: readonly string[]): readonly string[] =>
  Object.keys(list).filter((entry) => !needed.includes(entry) && !needed.some((one) => one.endsWith(` ${entry}`)));

/** Of what is looked at from outside: too late, maybe, whatever the plan said. */
const isTooLate = ({ verdict, sampled }: Traced): boolean => verdict === "untold" && sampled;

const missing = (major: string) =>
  outcomes(major).flatMap(({ file, statements }) =>
    statements.flatMap(({ sql, traced }, at) => {
      const { verdict, notes } = traced;
      return verdict === "right" || isTooLate(traced) ? [] : [{ what: `${file}:${at + 1}`, sql, verdict, notes }];
    }),
  );

const unseen = (major: string) =>
  outcomes(major)
    .filter(({ failed }) => failed === undefined)
    .flatMap((outcome) =>
      outcome.claims
        .filter((claim) => !shows(outcome, claim))
        .map(({ rule, danger }) => ({ what: `${outcome.file} ${rule}`, danger })),
    );

describe.each([OLDEST, NEWEST])("on PostgreSQL %s", (major) => {
  it("the plan says of each fixture's statements what they lock and write anew", () => {
    const statements = outcomes(major).flatMap((outcome) => outcome.statements);
    process.stdout.write(`${agreementTable(major)}\n`);
    expect(statements.length).toBeGreaterThan(100);
    expect(missing(major).filter(({ what }) => !told(UNTOLD, major, what))).toEqual([]);
  });

  it("the locks and rewrites that a danger names are real", () => {
    expect(unseen(major).filter(({ what }) => !told(UNSEEN, major, what))).toEqual([]);
  });

  it("a file that fails is one of those that are known to", () => {
    const failed = outcomes(major).filter((outcome) => outcome.failed !== undefined);
    expect(
      failed.filter(({ file }) => !told(FAILS, major, file)).map(({ file, failed: state }) => `${file}: ${state}`),
    ).toEqual([]);
  });
});

it("no exception is kept for what agrees", () => {
  const both = [OLDEST, NEWEST];
  const named = (what: readonly { readonly what: string }[], major: string) =>
    what.map((one) => `${major} ${one.what}`);
  const failed = both.flatMap((major) =>
    outcomes(major).flatMap(({ file, failed: state }) => (state === undefined ? [] : [`${major} ${file}`])),
  );
  expect(
    idle(
      UNTOLD,
      both.flatMap((major) => named(missing(major), major)),
    ),
  ).toEqual([]);
  expect(
    idle(
      UNSEEN,
      both.flatMap((major) => named(unseen(major), major)),
    ),
  ).toEqual([]);
  expect(idle(FAILS, failed)).toEqual([]);
});
