import { plainLine } from "../lib/plain.ts";
import type { SecretUrl } from "./sink.ts";

export interface Message {
  readonly body: string;
  readonly type: string;
  readonly signal: AbortSignal;
}

async function firstWords(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return plainLine(new TextDecoder().decode(value).slice(0, 200));
}

/** A part of a URL as it was meant; as it stands, where its % mean nothing. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A user and password in a URL become the header that fetch wants instead. */
function withoutUser(url: URL): { target: URL; headers: Record<string, string> } {
  if (url.username === "" && url.password === "") return { target: url, headers: {} };
  const pair = [url.username, url.password].map(decoded).join(":");
  const target = new URL(url);
  target.username = "";
  target.password = "";
  return { target, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

/** The URL of a Secret's file or of the environment. Throws with words that hold nothing of it. */
export function readUrl({ from, url }: SecretUrl): URL {
  if (url === undefined) throw new Error(`${from} is not there`);
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw new Error(`${from} holds no http or https URL`);
  return parsed;
}

/** POSTs a body. Rejects unless the answer is a 2xx; a redirect is not followed, for it would take the report elsewhere. */
export async function post(url: URL, { body, type, signal }: Message): Promise<void> {
  const { target, headers } = withoutUser(url);
  const response = await fetch(target, {
    method: "POST",
    redirect: "manual",
    body,
    headers: { ...headers, "content-type": type },
    signal,
  });
  if (response.ok) return await response.body?.cancel();
  const words = await firstWords(response);
  throw new Error(`it answered ${response.status}${words === "" ? "" : `: ${words}`}`);
}
