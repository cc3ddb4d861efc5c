import { LONGEST_TIMEOUT_MS, parseDuration } from "../lib/duration.ts";
import { FileProblemError } from "./problem.ts";
import type { Acknowledgement, Phase } from "./types.ts";

/** What the `-- headgate:` comments of one section ask for. */
export interface Headers {
  readonly transaction: boolean;
  readonly phase: Phase;
  readonly lockTimeoutMs: number | undefined;
  readonly allowed: readonly Acknowledgement[];
}

interface Draft {
  transaction: boolean;
  phase: Phase;
  lockTimeoutMs: number | undefined;
  allowed: Acknowledgement[];
}

type Reader = (value: string, draft: Draft, line: number) => string | undefined;

const KNOWN = 'no-transaction, phase=expand|contract, lock-timeout=2s, allow HGnnn reason="..."';

const readPhase: Reader = (value, draft) => {
  if (value !== "expand" && value !== "contract") return `phase is expand or contract, not "${value}"`;
  draft.phase = value;
  return undefined;
};

const readLockTimeout: Reader = (value, draft) => {
  try {
    draft.lockTimeoutMs = parseDuration(value);
  } catch {
    return `lock-timeout "${value}" is not a duration like 2s`;
  }
  // PostgreSQL takes 0 for waiting without end.
  if (draft.lockTimeoutMs >= 1 && draft.lockTimeoutMs <= LONGEST_TIMEOUT_MS) return undefined;
  return `lock-timeout "${value}" is out of range: 1ms to 596h`;
};

const readAllow: Reader = (value, draft, line) => {
  const [, rule, reason] = /^(HG\d{3})\s+reason="([^"]+)"$/.exec(value) ?? [];
  if (rule === undefined || reason === undefined) return 'write allow HGnnn reason="why it is safe here"';
  draft.allowed.push({ rule, reason, line });
  return undefined;
};

function readDirective(text: string, draft: Draft, at: number): string | undefined {
  if (text === "no-transaction") {
    draft.transaction = false;
    return undefined;
  }
  const [, word, value] = /^(phase=|lock-timeout=|allow\s)\s*(.*)$/.exec(text) ?? [];
  if (word === undefined || value === undefined) return `unknown header "${text}"; known: ${KNOWN}`;
  if (word === "phase=") return readPhase(value, draft, at);
  return word === "lock-timeout=" ? readLockTimeout(value, draft, at) : readAllow(value, draft, at);
}

/** What is wrong with a line that begins as a header does; undefined for every other line. */
function readLine(line: string, draft: Draft, at: number): string | undefined {
  const [, directive] = /^\s*--\s*headgate:\s*(.*?)\s*$/.exec(line) ?? [];
  if (directive !== undefined) return readDirective(directive, draft, at);
  if (!/^\s*--\s*headgate\b/i.test(line)) return undefined;
  return `unknown header "${line.trim()}"; one is written -- headgate: HEADER, known: ${KNOWN}; begin a plain comment with another word`;
}

/** Reads the headers of a section; refuses unknown ones, so that a typo never changes how a file runs. */
export function readHeaders(section: string, file: string, firstLine: number): Headers {
  const draft: Draft = { transaction: true, phase: "unknown", lockTimeoutMs: undefined, allowed: [] };
  if (!/headgate/i.test(section)) return draft;
  for (const [index, line] of section.split("\n").entries()) {
    const wrong = readLine(line, draft, firstLine + index);
    if (wrong !== undefined) throw new FileProblemError({ file, line: firstLine + index, text: wrong });
  }
  return draft;
}
