import type { WorkItem } from "../engine/work.ts";
import type { Bookkeeping } from "../history/bookkeeping.ts";
import { booksOfUp, type Recorder } from "../history/record.ts";
import type { Entry } from "../history/state.ts";
import type { Migration } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import type { PlannedMigration } from "./state.ts";

/** Loaded late: few sets have JavaScript that reads the database, and its loader is big. */
const buildLate =
  (migration: Migration) =>
  async (live: Client): Promise<string> => {
    const { buildDynamic } = await import("../migrations/script.ts");
    return await buildDynamic(migration, live);
  };

/**
 * A migration as the executor takes it. A class, because thousands wait their turn: but for what tells how to run it, nothing is
 * made of one before it is asked for. Not to be spread.
 */
export class UpItem implements WorkItem {
  readonly #planned: PlannedMigration;
  readonly #recorder: Recorder;
  readonly #isDynamic: boolean;
  readonly transaction: boolean;
  readonly lockTimeoutMs: number | undefined;
  readonly requires: string | undefined;
  readonly resume: Entry | undefined;

  constructor(
    planned: PlannedMigration,
    recorder: Recorder,
    { requires, resume }: Pick<UpItem, "requires" | "resume">,
  ) {
    this.#planned = planned;
    this.#recorder = recorder;
    this.#isDynamic = planned.migration.up === undefined;
    this.transaction = planned.migration.transaction;
    this.lockTimeoutMs = planned.migration.lockTimeoutMs;
    this.requires = requires;
    this.resume = resume;
  }

  get name(): string {
    return this.#planned.migration.name;
  }
  get direction(): "up" {
    return "up";
  }
  get text() {
    return () => this.#planned.migration.up;
  }
  get build() {
    return this.#isDynamic ? buildLate(this.#planned.migration) : undefined;
  }
  get statements() {
    return this.#planned.statements;
  }
  get leavesState(): boolean {
    return this.#planned.leavesState;
  }
  get patient(): boolean {
    return this.#planned.patient;
  }
  get books(): Bookkeeping {
    return booksOfUp(this.#recorder, this.#planned);
  }
}
