import type { Account } from "./account.ts";

export interface Format {
  readonly name: string;
  /** Of a file that is written so; empty where only its name chooses it. */
  readonly ending: string;
  /** Loaded when it is asked for. */
  readonly load: () => Promise<(account: Account) => string>;
}

/** What a run can be told in. */
export const formats: readonly Format[] = [
  { name: "text", ending: ".txt", load: async () => (await import("./text.ts")).textReport },
  { name: "html", ending: ".html", load: async () => (await import("./html.ts")).htmlPage },
  { name: "markdown", ending: ".md", load: async () => (await import("./markdown.ts")).markdownReport },
  { name: "junit", ending: ".xml", load: async () => (await import("./junit.ts")).junitReport },
  { name: "json", ending: ".json", load: async () => (await import("./json.ts")).jsonReport },
  { name: "prometheus", ending: ".prom", load: async () => (await import("./prometheus-text.ts")).prometheusReport },
];

/** The format that a file's ending asks for. */
export const formatOfFile = (path: string): Format | undefined =>
  formats.find(({ ending }) => ending !== "" && path.toLowerCase().endsWith(ending));
