import { copyFile, cp, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { prepareContext } from "./base-images.ts";
import { hashTexts } from "./hash.ts";
import { ensureImage, type Image } from "./image-store.ts";
import { run } from "./run.ts";

const trust = "/etc/ssl/certs/ca-certificates.crt";

/** Only what was not there to begin with; the machine's own authorities are those behind whose proxy it may stand. */
const dockerfile = `ARG BASE
FROM \${BASE}
COPY npm /usr/local/lib/node_modules/npm
COPY authorities.crt /usr/local/share/authorities.crt
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/authorities.crt
RUN ["ln", "-s", "../lib/node_modules/npm/bin/npm-cli.js", "/usr/local/bin/npm"]
`;

/** The base with npm, for the first stage of the agent's Dockerfile. To be called under the lock "images". */
export async function ensureBuild(base: Image): Promise<Image> {
  const npm = await findNpm();
  const { version } = JSON.parse(await readFile(join(npm, "package.json"), "utf8")) as { version: string };
  return ensureImage({
    reference: "localhost/build:1",
    key: hashTexts(base.archive, dockerfile, version, await readFile(trust, "utf8")),
    parents: [base],
    buildArgs: { BASE: base.reference },
    context: async () => {
      const context = await prepareContext(dockerfile);
      await cp(npm, join(context, "npm"), { recursive: true });
      await copyFile(trust, join(context, "authorities.crt"));
      return context;
    },
  });
}

/** The folder of the npm that runs these tests. */
async function findNpm(): Promise<string> {
  const { stdout } = await run(["sh", "-c", 'readlink -f "$(command -v npm)"']);
  return dirname(dirname(stdout.trim()));
}
