import { execFile } from "node:child_process";
import { goTool } from "./go-tool.ts";

export interface Asked {
  /** A file of rules, as text. */
  readonly rules: string;
  readonly queries: readonly string[];
}

export interface Answered {
  readonly problems: readonly string[];
  /** Every metric that a rule or a query asks for. */
  readonly metrics: readonly string[];
}

/** What Prometheus' own parser says of rules and queries. */
export async function promcheck(asked: Asked): Promise<Answered> {
  const program = await goTool("promcheck");
  return await new Promise((resolve, reject) => {
    const child = execFile(program, (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout))));
    child.stdin?.end(JSON.stringify(asked));
  });
}
