import { HeadgateError } from "../errors/headgate-error.ts";

/** What is wrong with one file, and in which line when that is known. */
export interface FileProblem {
  readonly file: string;
  readonly line?: number;
  readonly text: string;
  /** Further lines: an excerpt with a caret. */
  readonly excerpt?: readonly string[];
}

export class FileProblemError extends Error {
  readonly problem: FileProblem;
  constructor(problem: FileProblem) {
    super(problem.text);
    this.problem = problem;
  }
}

const where = ({ file, line }: FileProblem): string => (line === undefined ? file : `${file}:${line}`);

/** One `bad-migration-files` for all of them. */
export function badFiles(problems: readonly FileProblem[], dir: string): HeadgateError {
  const [only] = problems;
  return new HeadgateError("bad-migration-files", {
    what:
      problems.length === 1 && only !== undefined
        ? `${where(only)}: ${only.text}`
        : `${problems.length} problems in the migration files of ${dir}`,
    details: problems.flatMap((problem) => [
      ...(problems.length === 1 ? [] : [`${where(problem)}: ${problem.text}`]),
      ...(problem.excerpt ?? []),
    ]),
    stands: "nothing was changed",
  });
}

/** Runs `read` over all items and settles: every problem in one error, or every result. */
export async function readAll<Item, Result>(
  items: readonly Item[],
  dir: string,
  read: (item: Item) => Result | Promise<Result>,
): Promise<Result[]> {
  const problems: FileProblem[] = [];
  const results: Result[] = [];
  for (const item of items) {
    try {
      results.push(await read(item));
    } catch (error) {
      if (!(error instanceof FileProblemError)) throw error;
      problems.push(error.problem);
    }
  }
  if (problems.length > 0) throw badFiles(problems, dir);
  return results;
}
