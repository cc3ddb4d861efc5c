import { cpSync, mkdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AGENT, headgate } from "../../test/support/headgate.ts";
import type { Image } from "../../test/support/pod/types.ts";

export const SHOP = join(import.meta.dirname, "../shop");
const REPOSITORY = "shop-migrations";

interface Contents {
  /** How many of the shop's migrations. */
  readonly migrations: number;
  readonly risky?: boolean;
  readonly broken?: boolean;
  /** How many of those that are taken back again. */
  readonly later?: number;
  readonly farewell?: boolean;
}

/** What each tag's `COPY migrations /migrations` would have copied. */
const TAGS: Readonly<Record<string, Contents>> = {
  "1.0.0": { migrations: 5 },
  "1.1.0": { migrations: 8 },
  "1.2.0": { migrations: 8, risky: true },
  "1.2.1": { migrations: 9 },
  "1.3.0": { migrations: 9, broken: true },
  "1.3.1": { migrations: 9 },
  "1.4.0": { migrations: 9, later: 2 },
  "1.5.0": { migrations: 9, later: 3 },
  "1.6.0": { migrations: 9, later: 1, farewell: true },
};

async function copyFirst(count: number, from: string, to: string): Promise<void> {
  for (const name of (await readdir(from)).toSorted().slice(0, count)) cpSync(join(from, name), join(to, name));
}

async function copyMigrations(
  folder: string,
  { migrations, risky = false, broken = false, later = 0, farewell = false }: Contents,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await copyFirst(migrations, join(SHOP, "migrations"), folder);
  await copyFirst(later, join(SHOP, "taken-back"), folder);
  if (risky) cpSync(join(SHOP, "risky"), folder, { recursive: true });
  if (farewell) cpSync(join(SHOP, "farewell"), folder, { recursive: true });
  if (broken) cpSync(join(SHOP, "broken"), folder, { recursive: true });
}

async function buildImage(folder: string, contents: Contents, env: Readonly<Record<string, string>>): Promise<Image> {
  await copyMigrations(folder, contents);
  const { code, stderr } = await headgate(["compile", "--dir", folder], env);
  if (code !== 0) throw new Error(`headgate compile ended with ${code}:\n${stderr}`);
  return { entrypoint: [process.execPath, AGENT], files: { "/migrations": folder }, env };
}

export const imageOf = (tag: string): string => `${REPOSITORY}:${tag}`;

/** The shop's images, by reference: the agent, and a folder of migrations compiled as a Dockerfile's RUN would. */
export async function buildImages(home: string): Promise<Record<string, Image>> {
  // What Headgate runs lies compiled in its image; here the first fills a cache for the others, so one goes after another.
  const env = { NODE_COMPILE_CACHE: join(home, "compile-cache") };
  const images: Record<string, Image> = {};
  for (const [tag, contents] of Object.entries(TAGS)) {
    images[imageOf(tag)] = await buildImage(join(home, "images", tag), contents, env);
  }
  return images;
}
