/** The process as commands see it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data. */
  readonly out: (text: string) => void;
  /** Talk. */
  readonly err: (text: string) => void;
  /** Whether stderr is a terminal that wants colour. */
  readonly colour: boolean;
  /** Asks the person at the terminal; undefined when there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Aborts at the first SIGTERM or SIGINT; the reason is the signal's name. */
  readonly stop: AbortSignal;
}
