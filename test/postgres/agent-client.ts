import { type Client, connect } from "../../agent/postgres/client.ts";
import { parseUrl } from "../../agent/postgres/parse-url.ts";

/** The agent's own kind of connection. */
export async function openClient(url: string): Promise<Client> {
  const { host = "", port = 5432, database: name = "", user = "", password } = parseUrl(url, "the test");
  const tls = { mode: "disable", caFile: undefined, certFile: undefined, keyFile: undefined } as const;
  return await connect(
    { host, port, database: name, user, password, tls, options: undefined },
    { applicationName: "test", timeoutMs: 5_000 },
  );
}
