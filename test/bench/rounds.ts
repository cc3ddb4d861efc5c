import type { Lab } from "./lab.ts";
import type { Sample } from "./measure.ts";
import type { Peer } from "./peer.ts";
import { type Row, rows, takesPart } from "./scenarios.ts";
import type { Cell } from "./table.ts";

export interface Rounds {
  readonly rows: readonly Row[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  /** Ends the measuring; what was measured until then stands. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export interface Measured {
  readonly cells: readonly Cell[];
  /** What failed to run, a sentence each. */
  readonly failures: readonly string[];
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Fills the system's caches. Nothing of it counts, so what fails here is told by its round. */
async function warmUp(lab: Lab, peers: readonly Peer[]): Promise<void> {
  const [smallest] = rows;
  if (smallest === undefined) return;
  for (const peer of peers) await lab.run(smallest, peer).catch(() => undefined);
}

interface Column {
  readonly peer: Peer;
  readonly samples: (Sample | undefined)[];
}

/** One round of a row: each peer once, in turn. */
async function runRound(lab: Lab, row: Row, columns: readonly Column[]): Promise<string[]> {
  const failures: string[] = [];
  for (const { peer, samples } of columns) {
    const sample = await lab.run(row, peer).catch((error: unknown) => {
      failures.push(`${row.title}, ${peer.name}: ${messageOf(error)}`);
      return undefined;
    });
    samples.push(sample);
  }
  return failures;
}

/** Measures row by row, round by round. Never rejects for a peer that fails: the others go on. */
export async function runRounds(lab: Lab, { rows, peers, rounds, signal, say }: Rounds): Promise<Measured> {
  const cells: Cell[] = [];
  const failures = new Set<string>();
  await warmUp(lab, peers);
  for (const row of rows) {
    const columns = peers.filter((peer) => takesPart(peer, row)).map((peer): Column => ({ peer, samples: [] }));
    const times = Math.min(rounds, row.mostRounds ?? rounds);
    for (let round = 1; round <= times && !signal.aborted; round += 1) {
      say(`${row.title}, round ${round} of ${times}`);
      const failed = await runRound(lab, row, columns);
      // Those of the round that was cut short have one reason, which is told once below.
      if (!signal.aborted) for (const failure of failed) failures.add(failure);
    }
    cells.push(...columns.map(({ peer, samples }) => ({ row, peer: peer.name, samples })));
  }
  if (signal.aborted) failures.add(`${messageOf(signal.reason)}: the table is not complete`);
  return { cells, failures: [...failures] };
}
