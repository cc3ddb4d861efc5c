import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { buildBundle } from "../support/bundle.ts";
import { aimsOf, renderAims } from "./aims.ts";
import { type Arguments, help, readArguments } from "./arguments.ts";
import { flushMs } from "./disk.ts";
import { type Lab, withLab } from "./lab.ts";
import type { Peers } from "./peer.ts";
import { findPeers } from "./peers.ts";
import { messageOf, runRounds } from "./rounds.ts";
import { figuresOf, renderTable } from "./table.ts";

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function versionOf(manifest: string): string {
  const { version }: { version: string } = createRequire(import.meta.url)(manifest);
  return version;
}

const headerOf = (lab: Lab, peers: Peers, { rounds }: Arguments): string =>
  [
    `headgate ${versionOf("../../package.json")}`,
    `node-pg-migrate ${versionOf("node-pg-migrate/package.json")}`,
    ...peers.versions,
    `PostgreSQL ${lab.serverVersion}`,
    `Node ${process.versions.node}`,
    `${availableParallelism()} CPUs, load ${loadavg()[0]?.toFixed(1)}`,
    `${flushMs(lab.home).toFixed(2)} ms a flush of the disk`,
    `rounds: ${rounds}`,
  ].join(" · ");

const FOOTNOTES = [
  "pending: each migration is a table and an index; no-op: one SELECT of about that length, applied by the peer itself.",
  "5,000 pending: few peers and one round, for it takes long; a peer that dies of a limit of its own says so.",
  "at +2 ms: a proxy holds each chunk 1 ms each way; round trips: those that the client waited for, its start included.",
];

async function bench(args: Arguments, signal: AbortSignal): Promise<number> {
  return await withLab(signal, async (lab) => {
    const bundle = join(lab.home, "bundle");
    // Of its own: whoever builds dist/ meanwhile is not measured.
    buildBundle(bundle);
    const peers = await findPeers(bundle, args.psql);
    const header = headerOf(lab, peers, args);
    const { rows, rounds } = args;
    const { cells, failures } = await runRounds(lab, { rows, rounds, peers: peers.measured, signal, say });
    const figures = figuresOf(cells, "headgate");
    const aims = aimsOf(figures);
    const footnotes = [...FOOTNOTES, ...peers.footnotes].join("\n");
    process.stdout.write([header, renderTable(figures), renderAims(aims), footnotes].join("\n\n").concat("\n"));
    if (args.json !== undefined)
      writeFileSync(args.json, `${JSON.stringify({ header, figures, aims, failures }, null, 2)}\n`);
    for (const failure of failures) say(`failed: ${failure}`);
    return failures.length === 0 ? 0 : 1;
  });
}

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2));
  if (args === undefined) {
    process.stdout.write(help);
    return 0;
  }
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error(`out of time after ${args.minutes} min`)), args.minutes * 60_000);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => stop.abort(new Error(`told to stop by ${name}`)));
  }
  try {
    return await bench(args, stop.signal);
  } finally {
    clearTimeout(timer);
  }
}

process.exitCode = await main().catch((error: unknown) => {
  say(`failed: ${messageOf(error)}`);
  return 1;
});
