import { below, type Random } from "./random.ts";
import { baseFiles, FIRST, mark, type Scenario, withoutHeader } from "./scenarios.ts";

interface File {
  readonly name: string;
  readonly sql: string;
  readonly index?: string;
  readonly isMarked: boolean;
}

/** Bodies that a random migration may have; slow ones give a kill the time to land in them. */
const bodies: readonly ((number: number) => string)[] = [
  (number) => `CREATE TABLE sweep_t_${number} (id bigint);`,
  (number) => `INSERT INTO sweep_children VALUES (${number}); INSERT INTO sweep_parents VALUES (${number});`,
  (number) =>
    `ALTER TABLE sweep_items ADD COLUMN c_${number} int; UPDATE sweep_items SET c_${number} = 1; SELECT pg_sleep(0.01);`,
  (number) => `CREATE INDEX sweep_items_${number} ON sweep_items (id); SELECT pg_sleep(0.005);`,
  () => "SET statement_timeout = '1h';",
];

/** One of the bodies above, or one of two ways to do without a transaction. */
function drawFile(number: number, random: Random, kinds: number): File {
  const kind = below(random, kinds);
  const name = `${170_000_000_000 + number}_m`;
  const body = bodies[kind];
  if (body !== undefined) return { name, sql: `${body(number)} ${mark(name)}`, isMarked: true };
  const index = `sweep_concurrent_${number}`;
  const isMarked = kind > bodies.length;
  const first = isMarked ? `${mark(name)}\n` : "";
  return {
    name,
    sql: `${withoutHeader}${first}CREATE INDEX CONCURRENTLY ${index} ON sweep_items (label);`,
    index,
    isMarked,
  };
}

/** A set of migrations that grows from run to run, the same for the same seed. */
export interface Growing {
  readonly scenario: () => Scenario;
  grow(count: number): void;
}

/** An empty set on top of the tables that its migrations use. */
export function createGrowing(name: string, random: Random, options: { onlyInTransactions?: true } = {}): Growing {
  const kinds = bodies.length + (options.onlyInTransactions ? 0 : 2);
  const files: File[] = [];
  return {
    scenario: () => ({
      name,
      before: baseFiles,
      files: Object.fromEntries(files.map((file) => [`${file.name}.sql`, file.sql])),
      withoutTransaction: files.filter((file) => file.index !== undefined).map((file) => file.name),
      indexes: Object.fromEntries(files.flatMap((file) => (file.index === undefined ? [] : [[file.index, file.name]]))),
      marks: [FIRST, ...files.filter((file) => file.isMarked).map((file) => file.name)],
    }),
    grow(count) {
      for (let added = 0; added < count; added += 1) files.push(drawFile(files.length + 2, random, kinds));
    },
  };
}
