import type { Migration, MigrationFile } from "./types.ts";

export type Body = Omit<Migration, "paths">;

/**
 * A migration whose body lies in the manifest's file and is read when it is asked for: thousands that wait their turn cost
 * little memory. Not to be spread: `plain` gives an object that can be.
 */
export class CompiledMigration implements Migration {
  readonly name: string;
  readonly paths: readonly string[];
  readonly kind: MigrationFile["kind"];
  readonly checksum: string;
  readonly #read: (name: string) => Body;

  constructor({ name, paths, kind, checksum }: MigrationFile, read: (name: string) => Body) {
    this.name = name;
    this.paths = paths;
    this.kind = kind;
    this.checksum = checksum;
    this.#read = read;
  }

  get plain(): Migration {
    return { ...this.#read(this.name), paths: this.paths };
  }
  get up(): Migration["up"] {
    return this.#read(this.name).up;
  }
  get down(): Migration["down"] {
    return this.#read(this.name).down;
  }
  get downAt(): Migration["downAt"] {
    return this.#read(this.name).downAt;
  }
  get downKind(): Migration["downKind"] {
    return this.#read(this.name).downKind;
  }
  get downTransaction(): boolean {
    return this.#read(this.name).downTransaction;
  }
  get downEffects(): Migration["downEffects"] {
    return this.#read(this.name).downEffects;
  }
  get transaction(): boolean {
    return this.#read(this.name).transaction;
  }
  get phase(): Migration["phase"] {
    return this.#read(this.name).phase;
  }
  get lockTimeoutMs(): number | undefined {
    return this.#read(this.name).lockTimeoutMs;
  }
  get allowed(): Migration["allowed"] {
    return this.#read(this.name).allowed;
  }
  get inspection(): Migration["inspection"] {
    return this.#read(this.name).inspection;
  }
}

/** One that can be spread, wherever it comes from. */
export const plainOf = (migration: Migration): Migration =>
  migration instanceof CompiledMigration ? migration.plain : migration;
