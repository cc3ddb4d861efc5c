import { startAgent } from "./agent.ts";
import type { Lab } from "./lab.ts";
import { kindOf, type MessageKind } from "./messages.ts";
import type { Frame } from "./proxy/frames.ts";
import type { Link } from "./proxy/link.ts";
import { openProxy } from "./proxy/proxy.ts";
import { commandOf, type Scenario } from "./scenarios.ts";

/** A message of a run: the `occurrence`th of its name on the work connection, from 1. */
export interface Point {
  readonly kind: MessageKind;
  readonly occurrence: number;
}

export const pointName = ({ kind, occurrence }: Point): string => `${kind.name}#${occurrence}`;

/** Connections that look on and cancel carry a suffix; faults aim at the other. */
export const doesTheWork = ({ application }: Link): boolean => !/:(watch|cancel)$/.test(application);

export class UnknownMessage extends Error {
  constructor(...texts: readonly string[]) {
    const excerpts = texts.map((text) => text.trim().slice(0, 300));
    super(`messages.ts does not know these messages of the agent:\n${excerpts.join("\n--\n")}`);
  }
}

/** Gives each work message its name and number; throws UnknownMessage for what the table lacks. */
export function createNamer(): (link: Link, text: string) => Point | undefined {
  const seen = new Map<string, number>();
  return (link, text) => {
    const kind = kindOf(text);
    if (kind === undefined) throw new UnknownMessage(text);
    if (!doesTheWork(link)) return undefined;
    const occurrence = (seen.get(kind.name) ?? 0) + 1;
    seen.set(kind.name, occurrence);
    return { kind, occurrence };
  };
}

/** The messages of an undisturbed run, in order: where faults can strike. */
export async function recordPoints(lab: Lab, scenario: Scenario): Promise<Point[]> {
  const points: Point[] = [];
  const unknown = new Set<string>();
  const nameOf = createNamer();
  const gate = {
    async query(link: Link, frame: Frame, text: string) {
      try {
        const point = nameOf(link, text);
        if (point !== undefined) points.push(point);
      } catch (error) {
        if (error instanceof UnknownMessage) unknown.add(text);
      }
      link.forward(frame);
    },
    answered: () => undefined,
  };
  const proxy = await openProxy(lab.server.port, gate);
  const database = await lab.database(scenario);
  const dir = lab.folder(scenario.name, { ...scenario.before, ...scenario.files });
  const ended = await startAgent(lab.bundle, commandOf(scenario, dir), database.url(proxy.port)).ended;
  await proxy.close();
  await database.drop();
  if (unknown.size > 0) throw new UnknownMessage(...unknown);
  if (ended.code !== 0)
    throw new Error(`an undisturbed run of ${scenario.name} ended with ${ended.code}:\n${ended.stderr}`);
  return points;
}
