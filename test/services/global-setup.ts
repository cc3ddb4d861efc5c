import { keepOutputs } from "../support/canary.ts";
import { goTool } from "./harness/go-tool.ts";

/** The first build of a program takes a minute or more: not in some test's own time. */
export async function setup(): Promise<() => void> {
  for (const name of ["versitygw", "pushgateway", "promcheck", "otlpserver"]) await goTool(name);
  return keepOutputs();
}
