import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { buildMigratorImage } from "./harness/images.ts";

const shop = join(import.meta.dirname, "../../examples/shop");

/** How many of the shop's migrations its first release has. */
export const FIRST_RELEASE = 5;

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-cluster-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

export async function shopMigrations(): Promise<string[]> {
  return (await readdir(join(shop, "migrations"))).filter((name) => name.endsWith(".sql")).sort();
}

/** The shop's migrator image with its first `count` migrations, and one that fails on top when asked for. */
export async function shopImage(tag: string, count: number, broken = false): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of (await shopMigrations()).slice(0, count))
    await cp(join(shop, "migrations", name), join(folder, name));
  if (broken) await cp(join(shop, "broken"), folder, { recursive: true });
  return await buildMigratorImage(tag, folder);
}

/** An application's chart with Headgate as a subchart: a Deployment whose pods have to outlive failed upgrades. */
export async function appChart(headgateChart: string, image: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(headgateChart, join(folder, "charts/headgate"), { recursive: true });
  await writeFile(join(folder, "Chart.yaml"), "apiVersion: v2\nname: app\nversion: 1.0.0\n");
  const security = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const container = {
    name: "app",
    image,
    command: ["node", "--eval", "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1000)"],
    env: [{ name: "VERSION", value: "{{ .Values.version }}" }],
    securityContext: security,
  };
  const pod = {
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    terminationGracePeriodSeconds: 1,
    containers: [container],
  };
  const labels = { app: "shop" };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "app" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
  };
  await writeFile(join(folder, "values.yaml"), "version: '1'\n");
  await mkdir(join(folder, "templates"));
  await writeFile(join(folder, "templates/app.yaml"), JSON.stringify(deployment));
  return folder;
}
