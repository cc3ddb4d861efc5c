import type { Fingerprint } from "../postgres/fingerprint.ts";
import type { Context } from "../stages/context.ts";
import { hasExpectations } from "../stages/smoke.ts";
import type { Bench } from "./rehearsal-bench.ts";
import { filesUpTo, type Start, staysAt } from "./rehearsal-start.ts";
import {
  compare,
  type Downs,
  failed,
  held,
  irreversible,
  noWayBack,
  type Step,
  unable,
  unableDown,
  words,
} from "./rehearsal-steps.ts";

export interface RehearsedMigration {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface Rehearsal {
  readonly migrations: readonly RehearsedMigration[];
  /** Nothing was tried of them. */
  readonly notReached: readonly string[];
  /** The whole set. */
  readonly whole: readonly Step[];
}

export interface RehearsalOptions extends Downs {
  readonly start: Start;
  /** A migration without a way back does not hold. */
  readonly strict: boolean;
}

/** Migrations applied anew cost time; a set in which more than this goes wrong is not looked at to its end. */
const FRESH_STARTS = 20;

/** The rehearsal so far. */
interface Progress {
  readonly migrations: RehearsedMigration[];
  /** The schema of this moment; where the database is spoiled, as the newest migration has left it. */
  now: Fingerprint;
  /** How many, from the first that was pending on, are behind the newest that cannot be taken back; and the schema there. */
  floor: number;
  atFloor: Fingerprint;
  /** The database is not as it has to be for the next migration. */
  spoiled: boolean;
  freshStarts: number;
}

/** Where the rehearsal is: `at` of the migrations that were pending are applied. */
interface Standing {
  readonly start: Start;
  readonly at: number;
}

/** A new database with everything applied that was, when the old one is spoiled. */
async function mend(bench: Bench, progress: Progress, { start, at }: Standing): Promise<void> {
  if (!progress.spoiled) return;
  progress.freshStarts += 1;
  progress.spoiled = false;
  await bench.renew();
  const { error } = at === 0 ? {} : await bench.up(filesUpTo(start, at));
  // Each of them went through once on a database like this one.
  if (error !== undefined) throw error;
  progress.now = await bench.print();
}

interface BackAndForth {
  readonly steps: readonly Step[];
  /** The database is not as the migration leaves it any more. */
  readonly spoils: boolean;
}

/** Down, and up again. */
async function backAndForth(
  bench: Bench,
  { start, at, strict, downAt }: RehearsalOptions & Standing,
  { before, after }: { readonly before: Fingerprint; readonly after: Fingerprint },
): Promise<BackAndForth> {
  const applied = filesUpTo(start, at + 1);
  const taken = await bench.down(applied, staysAt(start, at));
  const why = noWayBack(taken);
  if (why !== undefined) return { steps: [irreversible(taken, why, strict)], spoils: false };
  if (taken.error !== undefined) {
    return { steps: [unableDown("down", taken, { error: taken.error, downAt })], spoils: true };
  }
  const down = await compare(bench, { name: "down", tried: taken, wanted: before });
  const tried = await bench.up(applied);
  const again =
    tried.error === undefined
      ? await compare(bench, { name: "up again", tried, wanted: after })
      : unable("up again", tried, tried.error);
  return { steps: [down, again], spoils: down.status === "failed" || again.status === "failed" };
}

/** Tries one migration; false when it cannot be applied, so that nothing after it can be tried. */
async function rehearseOne(bench: Bench, options: RehearsalOptions & Standing, progress: Progress): Promise<boolean> {
  const { start, at } = options;
  const { name = "" } = start.pending[at] ?? {};
  await mend(bench, progress, options);
  const up = await bench.up(filesUpTo(start, at + 1));
  if (up.error !== undefined) {
    progress.migrations.push({ name, steps: [unable("up", up, up.error)] });
    return false;
  }
  const before = progress.now;
  const after = await bench.print();
  const { steps, spoils } = await backAndForth(bench, options, { before, after });
  progress.migrations.push({ name, steps: [held("up", up), ...steps] });
  // A column that came back stands in another place from now on.
  progress.now = steps.some(({ notes }) => notes.length > 0) ? await bench.print() : after;
  progress.spoiled = spoils;
  if (steps.some((step) => step.status !== "ok")) Object.assign(progress, { floor: at + 1, atFloor: after });
  return true;
}

async function rehearseWhole(
  context: Context,
  bench: Bench,
  { start, downAt, progress }: RehearsalOptions & { readonly progress: Progress },
): Promise<Step[]> {
  const steps: Step[] = [];
  const { files, pending, rows } = start;
  await mend(bench, progress, { start, at: pending.length });
  const { floor, atFloor, now } = progress;
  if (hasExpectations(context)) {
    const smoked = await bench.smoke();
    const { error } = smoked;
    const fix = `correct the migration or the expectation under smoke${rows ? "" : "; the database of a rehearsal has no rows"}`;
    steps.push(error === undefined ? held("smoke", smoked) : failed("smoke", smoked, { ...words(error), fix }));
  }
  if (floor === pending.length) return steps;
  const down = await bench.down(files, staysAt(start, floor));
  if (down.error !== undefined) return [...steps, unableDown("all down", down, { error: down.error, downAt })];
  steps.push(await compare(bench, { name: "all down", tried: down, wanted: atFloor }));
  const again = await bench.up(files);
  if (again.error !== undefined) return [...steps, unable("all up again", again, again.error)];
  return [...steps, await compare(bench, { name: "all up again", tried: again, wanted: now })];
}

/**
 * Tries every migration that is pending where the rehearsal starts: up, down, up again, the schema compared after each;
 * then the expectations under `smoke`, down to the start as far as there is a way, and everything up again. Rejects when it was stopped, or the server
 * fails.
 */
export async function rehearse(context: Context, bench: Bench, options: RehearsalOptions): Promise<Rehearsal> {
  const { pending } = options.start;
  const first = await bench.print();
  const progress: Progress = {
    ...{ migrations: [], now: first, floor: 0, atFloor: first, spoiled: false, freshStarts: 0 },
  };
  for (const [at, { name }] of pending.entries()) {
    context.signal.throwIfAborted();
    context.log.info(`rehearsing ${name} (${at + 1} of ${pending.length})`);
    const notReached = pending.slice(at + 1).map((file) => file.name);
    const { migrations } = progress;
    if (!(await rehearseOne(bench, { ...options, at }, progress))) return { migrations, notReached, whole: [] };
    if (progress.freshStarts === FRESH_STARTS && notReached.length > 0) {
      context.log.warn(
        `a new database was wanted ${FRESH_STARTS} times, so the rest is not tried: correct these first`,
      );
      return { migrations, notReached, whole: [] };
    }
  }
  const whole = pending.length === 0 ? [] : await rehearseWhole(context, bench, { ...options, progress });
  return { migrations: progress.migrations, notReached: [], whole };
}
