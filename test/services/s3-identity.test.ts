import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildBundle } from "../support/bundle.ts";
import { headgate } from "../support/headgate.ts";
import { REGION, type S3Server, startS3 } from "./harness/s3-server.ts";

const execute = promisify(execFile);

let server: S3Server;
let folder: string;
beforeAll(async () => {
  server = await startS3();
  folder = mkdtempSync(join(tmpdir(), "headgate-identity-"));
  const { bucket, endpoint } = server;
  const s3 = { bucket, endpoint, region: REGION, forcePathStyle: true, existingSecret: "only-in-the-cluster" };
  writeFileSync(join(folder, "values.yaml"), JSON.stringify({ backup: { s3 } }));
  writeFileSync(join(folder, "token"), "a token that the cluster has signed");
  buildBundle(join(folder, "dist"));
});
afterAll(async () => {
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const list = () => ["backup", "list", "--json", "-f", join(folder, "values.yaml")];

/** Without the machine's own account and network: nobody there says who asks. */
const bare = () => ({ HOME: folder, AWS_EC2_METADATA_DISABLED: "true" });

test("a pod's identity (IRSA): its token is changed for keys, from the sources and in the bundle", async () => {
  const asked: string[] = [];
  const sts = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk;
    });
    request.on("end", () => {
      asked.push(body);
      response.setHeader("content-type", "text/xml");
      response.end(`<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${server.accessKeyId}</AccessKeyId>
        <SecretAccessKey>${server.secretAccessKey}</SecretAccessKey><SessionToken></SessionToken>
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>`);
    });
  }).listen(0, "127.0.0.1");
  await once(sts, "listening");
  const address = sts.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const env = {
    ...bare(),
    AWS_ROLE_ARN: "arn:aws:iam::111122223333:role/shop-backups",
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"),
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}`,
    AWS_REGION: REGION,
  };
  try {
    const { code, stdout, stderr } = await headgate(list(), env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ backups: [] });
    const bundled = await execute(process.execPath, [join(folder, "dist/main.js"), ...list()], { env });
    expect(JSON.parse(bundled.stdout)).toMatchObject({ backups: [] });
    expect(asked).toHaveLength(2);
    expect(new URLSearchParams(asked[0]).get("WebIdentityToken")).toBe("a token that the cluster has signed");
  } finally {
    sts.close();
  }
});

test("nobody who asks: says how to be somebody", async () => {
  const { code, stderr } = await headgate(list(), bare());
  expect(stderr).toContain("nothing says who asks for the bucket");
  expect(stderr).toContain("AWS_PROFILE");
  expect(code).toBe(1);
});

test("a profile in ~/.aws is somebody", async () => {
  const { accessKeyId, secretAccessKey } = server;
  const file = join(folder, "credentials");
  writeFileSync(file, `[ops]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`);
  const env = { ...bare(), AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: "ops" };
  expect(await headgate(list(), env)).toMatchObject({ code: 0, stderr: "" });
});
