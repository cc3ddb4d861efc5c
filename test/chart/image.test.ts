import { expect, test } from "vitest";
import { containers, pods, render } from "./rendered.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

async function imagesOf(values: Record<string, unknown>): Promise<string[]> {
  const specs = pods(await render(values)).map((pod) => pod.spec);
  return [...new Set(specs.flatMap(containers).map((container) => container.image ?? ""))];
}

test.each([
  { title: "an empty tag means the chart's appVersion", image: {}, expected: "headgate:0.1.0" },
  {
    title: "a registry goes before the repository",
    image: { registry: "r.example.com", tag: "1" },
    expected: "r.example.com/headgate:1",
  },
  { title: "the digest wins over the tag", image: { tag: "1", digest }, expected: `headgate@${digest}` },
  {
    title: "the shared registry wins",
    image: { registry: "a.example.com" },
    global: { imageRegistry: "b.example.com/x/" },
    expected: "b.example.com/x/headgate:0.1.0",
  },
  {
    title: "latest is taken where it is accepted",
    image: { tag: "latest", allowMutable: true },
    expected: "headgate:latest",
  },
  {
    title: "a digest beside latest is immutable enough",
    image: { tag: "latest", digest },
    expected: `headgate@${digest}`,
  },
  {
    title: "a repository may hold a registry with its port",
    image: { repository: "localhost:5000/shop" },
    expected: "localhost:5000/shop:0.1.0",
  },
])("$title", async ({ image, global = {}, expected }) => {
  expect(await imagesOf({ image, global })).toEqual([expected]);
});

test("pull secrets come from the chart and its parent, as a name or an object, each once", async () => {
  const manifests = await render({
    image: { pullSecrets: ["one", { name: "two" }] },
    global: { imagePullSecrets: [{ name: "one" }, "three"] },
  });
  for (const { spec } of pods(manifests)) {
    expect(spec.imagePullSecrets).toEqual([{ name: "one" }, { name: "two" }, { name: "three" }]);
  }
});

test("without pull secrets the pods name none", async () => {
  for (const { spec } of pods(await render())) expect(spec).not.toHaveProperty("imagePullSecrets");
});
