/** What went wrong, in a few words. fetch's own errors say nothing; those of their cause do. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  const said = error instanceof TypeError && error.cause !== undefined ? reasonOf(error.cause) : error.message;
  return said === "" ? error.name : said;
}
