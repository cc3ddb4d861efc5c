import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBundle } from "../support/bundle.ts";
import { VALUES } from "./agent.ts";

/** Bundles the agent of the checkout at `root` into `home`; gives the bundle's folder. */
export function build(root: string, home: string): string {
  const path = join(home, "bundle");
  buildBundle(path, root);
  // The sweep is about something else than the danger of what it migrates.
  writeFileSync(join(path, VALUES), JSON.stringify({ plan: { refuse: "never" } }));
  return path;
}
