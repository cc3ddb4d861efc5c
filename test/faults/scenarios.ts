/** A set of migrations whose effects can be counted, and what is done with it. */
export interface Scenario {
  readonly name: string;
  /** Files that an undisturbed run has applied before the fault. */
  readonly before: Readonly<Record<string, string>>;
  /** Files that are there when the disturbed run begins, besides those above. */
  readonly files: Readonly<Record<string, string>>;
  /** The disturbed run takes everything back that came after this name; otherwise it applies what is pending. */
  readonly backTo?: string;
  /** Names of migrations that run without a transaction. */
  readonly withoutTransaction: readonly string[];
  /** Indexes that a migration builds concurrently, each with the migration's name. */
  readonly indexes: Readonly<Record<string, string>>;
  /** Names of migrations that have a row in sweep_marks as their effect. */
  readonly marks: readonly string[];
  /** The database is empty when the disturbed run begins. */
  readonly empty?: true;
  /** First and last message of a run that no other scenario sweeps, e.g. `begin-run#1`. */
  readonly from?: string;
  readonly until?: string;
}

type Body = readonly [name: string, up: string, down?: string];

/** The migration that makes the tables. */
export const FIRST = "170000000001_base";

export const withoutHeader = "-- headgate: no-transaction\n";

export const mark = (name: string): string => `INSERT INTO sweep_marks VALUES ('${name}');`;

/** What a down script leaves, so that one which runs twice shows. */
export const unmarked = (name: string): string => `${name} taken back`;

const unmark = (name: string): string => `DELETE FROM sweep_marks WHERE name = '${name}'; ${mark(unmarked(name))}`;

/** Effects are rows of sweep_marks: it has no unique key, so that what is done twice shows. */
const tables = `CREATE TABLE sweep_marks (name text NOT NULL);
CREATE TABLE sweep_parents (id bigint PRIMARY KEY);
CREATE TABLE sweep_children (parent bigint CONSTRAINT sweep_parent REFERENCES sweep_parents DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE sweep_items (id bigint, label text);
INSERT INTO sweep_items SELECT n, 'item ' || n FROM generate_series(1, 500) n;
${mark(FIRST)}`;

/** What is there before any fault. */
export const baseFiles = { [`${FIRST}.sql`]: tables };

/** Files numbered from 2; MARK and UNMARK stand for the effects that are counted. */
function filesOf(bodies: readonly Body[]): Record<string, string> {
  const files = bodies.map(([short, up, down], index) => {
    const name = `${170_000_000_002 + index}_${short}`;
    const text = down === undefined ? up : `-- Up Migration\n${up}\n-- Down Migration\n${down}`;
    return [`${name}.sql`, text.replaceAll("UNMARK;", unmark(name)).replaceAll("MARK;", mark(name))] as const;
  });
  return Object.fromEntries(files);
}

const transactional = filesOf([
  ["table", "CREATE TABLE sweep_a (id bigint); MARK;"],
  // The parent comes after the child: only a constraint checked at the end lets it pass.
  ["deferred", "MARK; INSERT INTO sweep_children VALUES (1); INSERT INTO sweep_parents VALUES (1);"],
  ["column", "ALTER TABLE sweep_items ADD COLUMN price numeric; UPDATE sweep_items SET price = id; MARK;"],
  ["state", "SET statement_timeout = '1h'; CREATE TEMP TABLE sweep_temp (id int); MARK;"],
  ["index", "CREATE INDEX sweep_items_label ON sweep_items (label); MARK;"],
  ["last", "CREATE TABLE sweep_b (id bigint); MARK;"],
]);

const mixed = filesOf([
  ["plain", "CREATE TABLE sweep_a (id bigint); MARK;"],
  ["build", `${withoutHeader}CREATE INDEX CONCURRENTLY sweep_built ON sweep_items (label);`],
  ["two", `${withoutHeader}MARK;\nCREATE INDEX CONCURRENTLY sweep_second ON sweep_items (id);`],
  ["after", "CREATE TABLE sweep_b (id bigint); MARK;"],
]);

const returning = filesOf([
  ["plain", "CREATE TABLE sweep_a (id bigint); MARK;", "DROP TABLE sweep_a; UNMARK;"],
  [
    "build",
    `${withoutHeader}CREATE INDEX CONCURRENTLY sweep_built ON sweep_items (label);`,
    "DROP INDEX CONCURRENTLY sweep_built;",
  ],
  [
    "two",
    `${withoutHeader}MARK;\nCREATE INDEX CONCURRENTLY sweep_second ON sweep_items (id);`,
    "UNMARK;\nDROP INDEX CONCURRENTLY sweep_second;",
  ],
  ["after", "CREATE TABLE sweep_b (id bigint); MARK;", "SET statement_timeout = '1h'; DROP TABLE sweep_b; UNMARK;"],
]);

const failing = filesOf([
  ["fine", "CREATE TABLE sweep_a (id bigint); MARK;"],
  ["orphan", "INSERT INTO sweep_children VALUES (1); MARK;"],
  ["later", "CREATE TABLE sweep_b (id bigint); MARK;"],
  ["last", "CREATE TABLE sweep_c (id bigint); MARK;"],
]);

const concurrent = {
  withoutTransaction: ["170000000003_build", "170000000004_two"],
  indexes: { sweep_built: "170000000003_build", sweep_second: "170000000004_two" },
};

const nameOf = (file: string): string => file.replace(/\.sql$/, "");

const marksIn = (files: Readonly<Record<string, string>>): string[] =>
  Object.entries(files).flatMap(([file, text]) => (text.includes(mark(nameOf(file))) ? [nameOf(file)] : []));

const plain = { withoutTransaction: [], indexes: {} } as const;

/** Each is a line of the table that the sweep prints. */
export const scenarios: readonly Scenario[] = [
  { ...plain, name: "tx", before: baseFiles, files: transactional, marks: marksIn({ ...baseFiles, ...transactional }) },
  {
    ...concurrent,
    name: "nontx",
    before: baseFiles,
    files: mixed,
    marks: marksIn({ ...baseFiles, ...mixed }),
    from: "begin-run#1",
    until: "flight-record#2",
  },
  {
    ...concurrent,
    name: "revert",
    before: { ...baseFiles, ...returning },
    files: {},
    backTo: FIRST,
    marks: marksIn({ ...baseFiles, ...returning }),
    from: "begin-run#1",
    until: "session#5",
  },
  {
    ...plain,
    name: "first",
    before: {},
    files: baseFiles,
    marks: marksIn(baseFiles),
    empty: true,
    from: "lock#1",
    until: "flight-record#1",
  },
];

/** A set whose second migration breaks a constraint that is only checked at its end. */
export const stumbling = {
  scenario: {
    ...plain,
    name: "stumble",
    before: baseFiles,
    files: failing,
    marks: marksIn({ ...baseFiles, ...failing }),
  } satisfies Scenario,
  failing: "170000000003_orphan",
};

/** Names of all migrations of a scenario, in order. */
export const namesOf = ({ before, files }: Scenario): string[] => Object.keys({ ...before, ...files }).map(nameOf);

/** Names that have to be applied when the disturbed run has done its work; the others have to be gone. */
export const namesAtEnd = (scenario: Scenario): string[] =>
  namesOf(scenario).filter((name) => scenario.backTo === undefined || name <= scenario.backTo);

/** The command that is disturbed, and run again afterwards. */
export const commandOf = ({ backTo }: Scenario, dir: string): string[] => [
  ...(backTo === undefined ? ["migrate"] : ["revert", "--to", backTo, "--yes", "--accept-data-loss"]),
  ...["--json", "--dir", dir],
];
