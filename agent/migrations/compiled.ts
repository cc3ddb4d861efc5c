import type { Migration, MigrationFile } from "./types.ts";

export type Body = Omit<Migration, "paths">;

/** Where a body stands in the manifest's file, bytes. */
export interface BodyPlace {
  readonly name: string;
  readonly checksum: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * A migration whose body lies in the manifest's file and is read when it is asked for: thousands that wait their turn cost
 * little memory. Not to be spread: `plain` gives an object that can be.
 */
export class CompiledMigration implements Migration {
  readonly name: string;
  readonly paths: readonly string[];
  readonly kind: MigrationFile["kind"];
  readonly checksum: string;
  readonly offset: number;
  readonly length: number;
  readonly #read: (place: BodyPlace) => Body;

  constructor(
    { name, paths, kind, checksum }: MigrationFile,
    { offset, length }: Pick<BodyPlace, "offset" | "length">,
    read: (place: BodyPlace) => Body,
  ) {
    this.name = name;
    this.paths = paths;
    this.kind = kind;
    this.checksum = checksum;
    this.offset = offset;
    this.length = length;
    this.#read = read;
  }

  get plain(): Migration {
    return { ...this.#read(this), paths: this.paths };
  }
  get up(): Migration["up"] {
    return this.#read(this).up;
  }
  get down(): Migration["down"] {
    return this.#read(this).down;
  }
  get downAt(): Migration["downAt"] {
    return this.#read(this).downAt;
  }
  get downKind(): Migration["downKind"] {
    return this.#read(this).downKind;
  }
  get downTransaction(): boolean {
    return this.#read(this).downTransaction;
  }
  get downEffects(): Migration["downEffects"] {
    return this.#read(this).downEffects;
  }
  get transaction(): boolean {
    return this.#read(this).transaction;
  }
  get phase(): Migration["phase"] {
    return this.#read(this).phase;
  }
  get lockTimeoutMs(): number | undefined {
    return this.#read(this).lockTimeoutMs;
  }
  get allowed(): Migration["allowed"] {
    return this.#read(this).allowed;
  }
  get inspection(): Migration["inspection"] {
    return this.#read(this).inspection;
  }
}

/** One that can be spread, wherever it comes from. */
export const plainOf = (migration: Migration): Migration =>
  migration instanceof CompiledMigration ? migration.plain : migration;
