import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { headgate } from "../../test/support/headgate.ts";
import { SHOP } from "./images.ts";
import { paint, print, printCommand } from "./screen.ts";
import type { Shop } from "./shop.ts";

/** The table of `headgate status`, as at a desk. */
export async function printStatus(shop: Shop): Promise<boolean> {
  print(`\n${paint("bold", "What the database says of itself")}`);
  printCommand(["headgate status --dir examples/shop/migrations"]);
  const { code, stdout, stderr } = await headgate(["status", "--dir", join(SHOP, "migrations")], {
    DATABASE_URL: shop.url,
  });
  for (const line of `${stdout}${stderr}`.trimEnd().split("\n")) print(`   ${line}`);
  return code === 0;
}

/** Outlives the demo: the page needs nothing beside itself. */
const PAGE = join(tmpdir(), "headgate-demo-report.html");

/** The page of the newest run, made from the database alone. */
export async function printReport(shop: Shop): Promise<boolean> {
  print(`\n${paint("bold", "The last run as a page")}`);
  printCommand([`headgate report --output ${PAGE}`]);
  const { code, stdout, stderr } = await headgate(["report", "--output", PAGE], { DATABASE_URL: shop.url });
  for (const line of `${stdout}${stderr}`.trimEnd().split("\n")) print(`   ${line}`);
  return code === 0;
}

export function printNext(keep: boolean): void {
  const next = keep
    ? [
        ["npm run --silent headgate -- verify --dir examples/shop/migrations", "do files and database agree?"],
        ["npm run --silent headgate -- smoke -f examples/shop/values.yaml", "the shop's expectations, from the desk"],
      ]
    : [
        ["npm run demo -- --keep", "the same, and the database stays up to look around in"],
        ["npm run --silent headgate -- explain 6", "what an exit code means, and what the Job does about it"],
      ];
  print(`\n${paint("bold", "Next")}`);
  for (const [command, why] of [...next, ["cat examples/0-quickstart/README.md", "your own release, in ten lines"]]) {
    print(`   ${command}`);
    print(`     ${paint("dim", why ?? "")}`);
  }
}

/** Holds the server until somebody ends it. */
export async function keepUp(shop: Shop, signal: AbortSignal): Promise<void> {
  print(`\n${paint("bold", "The database stays up until Ctrl-C. For these commands, in another terminal:")}`);
  print(`   export DATABASE_URL='${shop.url}'`);
  // A listener alone does not keep Node running.
  const awake = setInterval(() => {}, 60_000);
  if (!signal.aborted) await once(signal, "abort");
  clearInterval(awake);
}
