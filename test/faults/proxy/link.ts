import { connect, type Socket } from "node:net";
import { backendPid, createFrameReader, type Frame, queryText, startupParameter } from "./frames.ts";

/** What a link asks of its owner, message by message. */
export interface Gate {
  /** Decides on a query in its turn: calls `link.forward`, or does not. Messages behind it wait until it is done. */
  query(link: Link, frame: Frame, text: string): Promise<void>;
  /** The server has answered a query whole, well or with an error. */
  answered(link: Link, text: string): void;
}

/** One connection of the agent to a backend, frame by frame. */
export class Link {
  /** The application_name the agent gave. */
  application = "";
  /** The backend's pid; 0 before the server has told it. */
  pid = 0;
  /** Set once either side is gone. */
  ended = false;
  readonly #agent: Socket;
  readonly #server: Socket;
  readonly #gate: Gate;
  #turn: Promise<void> = Promise.resolve();
  #loggedIn = false;
  /** Texts of the queries that wait for their answers. */
  #open: string[] = [];
  #waiting: (() => void)[] = [];
  #held: Buffer[] | undefined;
  #lingers = false;

  constructor(agent: Socket, port: number, gate: Gate) {
    this.#agent = agent.setNoDelay(true);
    this.#server = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#gate = gate;
    const fromAgent = createFrameReader(true);
    const fromServer = createFrameReader(false);
    this.#agent.on("data", (chunk: Buffer) => {
      for (const frame of fromAgent(chunk)) this.#inTurn(() => this.#onAgent(frame));
    });
    this.#server.on("data", (chunk: Buffer) => {
      for (const frame of fromServer(chunk)) this.#onServer(frame);
    });
    // A reset is one more way to end; "close" follows it.
    this.#agent.on("error", () => undefined).on("close", () => this.#inTurn(async () => this.#agentGone()));
    this.#server.on("error", () => undefined).on("close", () => this.#serverGone());
  }

  /** Sends a query on, and counts it as open. */
  forward(frame: Frame): void {
    if (this.#server.destroyed) return;
    this.#open.push(queryText(frame));
    this.#server.write(frame.bytes);
  }

  /** Resolves when every query that was sent on has its answer, or will never have one. */
  async settled(): Promise<void> {
    if (this.#open.length > 0) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  /** From now on what the server says stays here, until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    for (const bytes of this.#held ?? []) this.#toAgent(bytes);
    this.#held = undefined;
    if (this.#server.destroyed) this.#agent.end();
  }

  /** Breaks both sides; what is held is lost. */
  cut(): void {
    this.#agent.destroy();
    this.#server.destroy();
    this.#serverGone();
  }

  /** Breaks the agent's side; the server is told by `cut`, whenever that is. */
  cutAgent(): void {
    this.#lingers = true;
    this.#agent.destroy();
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work);
  }

  async #onAgent(frame: Frame): Promise<void> {
    if (frame.type === "") this.application = startupParameter(frame, "application_name") ?? "";
    if (frame.type === "Q") await this.#gate.query(this, frame, queryText(frame));
    else if (!this.#server.destroyed) this.#server.write(frame.bytes);
  }

  #onServer(frame: Frame): void {
    if (frame.type === "K") this.pid = backendPid(frame);
    if (this.#held === undefined) this.#toAgent(frame.bytes);
    else this.#held.push(frame.bytes);
    if (frame.type !== "Z") return;
    // The first one only ends the login.
    if (this.#loggedIn) this.#onAnswer();
    this.#loggedIn = true;
  }

  #onAnswer(): void {
    const text = this.#open.shift();
    if (text !== undefined) this.#gate.answered(this, text);
    if (this.#open.length === 0) this.#wake();
  }

  #toAgent(bytes: Buffer): void {
    if (!this.#agent.destroyed) this.#agent.write(bytes);
  }

  #agentGone(): void {
    this.ended = true;
    if (!this.#lingers) this.#server.end();
  }

  #serverGone(): void {
    this.ended = true;
    this.#open = [];
    this.#wake();
    if (this.#held === undefined) this.#agent.end();
  }

  #wake(): void {
    for (const resume of this.#waiting) resume();
    this.#waiting = [];
  }
}
