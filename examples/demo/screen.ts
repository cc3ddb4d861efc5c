import { styleText } from "node:util";

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;

type Style = Parameters<typeof styleText>[0];

export const paint = (style: Style, text: string): string =>
  coloured ? styleText(style, text, { validateStream: false }) : text;

export const print = (text = ""): void => {
  process.stdout.write(`${text}\n`);
};

/** A container's log, each line with the container's name before it. */
export function printLog(name: string, log: string): void {
  const lines = log.trimEnd() === "" ? ["(no output)"] : log.trimEnd().split("\n");
  for (const [index, line] of lines.entries()) {
    print(`   ${paint("cyan", (index === 0 ? name : "").padEnd(8))}${paint("dim", "│")} ${line}`);
  }
}

export function printCommand([first = "", ...more]: readonly string[]): void {
  print(`   ${paint("yellow", "$")} ${paint("bold", first)}`);
  for (const line of more) print(`     ${paint("bold", line)}`);
}

/** One thing that was looked at, and whether it is as it should be. */
export function printVerdict(ok: boolean, text: string): void {
  print(`   ${ok ? paint("green", "✔") : paint("red", "✘")} ${text}`);
}

export const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

export const grouped = (count: number): string => count.toLocaleString("en-US");
