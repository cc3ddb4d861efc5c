import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../../agent/report/account.ts";
import { htmlPage } from "../../agent/report/html.ts";
import { done, failed, hostile, huge, killed, nothing, ODD, pruned } from "./accounts.ts";
import { LOOKS, type Look, useBrowser } from "./chromium.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where the pages and their pictures are left, to be looked at. */
const PICTURES = process.env.HEADGATE_TEST_PICTURES ?? join(tmpdir(), "headgate-pictures");

const open = useBrowser();

beforeAll(() => void mkdirSync(PICTURES, { recursive: true }));

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Evaluated in the page, where the types of a browser are not those of this project. */
const evaluate = async <T>(page: Page, script: string): Promise<T> => (await page.evaluate(script)) as T;

const ELEMENTS = `[...new Set([...document.querySelectorAll("*")].map((one) => one.localName))]`;
const HANDLERS = `[...document.querySelectorAll("*")].flatMap((one) => [...one.attributes]).map((one) => one.name).filter((name) => /^(on.*|style|src|href)$/.test(name))`;
const HEADINGS = `[...document.querySelectorAll("h1,h2,h3")].map((one) => Number(one.localName.slice(1)))`;
const WIDTHS = "[document.documentElement.scrollWidth, innerWidth]";

/** All that a page is made of. */
const PLAIN = new Set(
  `bdi body br code dd details div dl dt footer h1 h2 h3 head header html li main meta ol p path pre rect section span strong
 style summary svg table tbody td th thead time title tr ul`.split(/\s+/),
);

/** Serious or critical ones. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const all = await evaluate<Violation[]>(page, "axe.run(document).then(({ violations }) => violations)");
  const grave = all.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Opens a page as a reader does, and looks at all that has to hold of every one. */
async function look(page: Page, name: string, account: Account): Promise<void> {
  const requests: string[] = [];
  const told: string[] = [];
  page.removeAllListeners();
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => told.push(message.text()));
  const path = join(PICTURES, `${name}.html`);
  const url = pathToFileURL(path).href;
  writeFileSync(path, htmlPage(account));
  await page.goto(url);
  const [scrolls = 0, inner = 0] = await evaluate<number[]>(page, WIDTHS);
  expect(scrolls, `${name} overflows`).toBeLessThanOrEqual(inner);
  const elements = await evaluate<string[]>(page, ELEMENTS);
  expect({ name, strange: elements.filter((one) => !PLAIN.has(one)) }).toEqual({ name, strange: [] });
  expect({ name, handlers: await evaluate<string[]>(page, HANDLERS) }).toEqual({ name, handlers: [] });
  const headings = await evaluate<number[]>(page, HEADINGS);
  expect(headings[0], name).toBe(1);
  for (const [at, level] of headings.entries()) expect(level - (headings[at - 1] ?? 0), name).toBeLessThanOrEqual(1);
  // The checker is put in afterwards, and the page's policy complains of its styles.
  expect({ name, requests, told }).toEqual({ name, requests: [url], told: [] });
}

const rich: Readonly<Record<string, Account>> = { done, failed, hostile };
const plain: Readonly<Record<string, Account>> = { killed, pruned, nothing };

async function lookAtAll(how: Look, accounts: Readonly<Record<string, Account>>): Promise<void> {
  const page = await open(how);
  for (const [name, account] of Object.entries(accounts)) {
    await look(page, name, account);
    const path = join(PICTURES, `${name}-${how.colorScheme}-${how.width}.png`);
    await page.screenshot({ path, fullPage: name !== "hostile" });
    // What it looks at in so big a page is the same at every width.
    if (name === "hostile" && how.width > 360) continue;
    expect({ name, grave: await violations(page) }).toEqual({ name, grave: [] });
  }
}

describe.each(LOOKS)("the page in $colorScheme, $width pixels wide", (how) => {
  it("fits, is accessible, asks nobody for anything, and holds nothing that strangers could have put in", async () => {
    await lookAtAll(how, rich);
  });
});

it("the page of a run of which little is known holds all that, too", async () => {
  await lookAtAll({ colorScheme: "dark", width: 360 }, plain);
});

it("a run that did ten thousand things has a page that stays small, opens, and says what it leaves out", async () => {
  const account = huge();
  const page = htmlPage(account);
  expect(page.length).toBeLessThan(4_000_000);
  for (const said of ["9500 more are in the history", "9960 more are not drawn", "4700 more are not shown"])
    expect(page).toContain(said);
  await look(await open({ colorScheme: "light", width: 360 }), "huge", account);
});

it("every odd name is shown as the text that it is, and what cannot be seen as its code", async () => {
  const page = await open({ colorScheme: "light", width: 1280 });
  await page.setContent(htmlPage(hostile));
  const names = await evaluate<string[]>(
    page,
    `[...document.querySelectorAll("summary .name")].map((one) => one.textContent)`,
  );
  for (const name of ODD) expect(names).toContain(name.replace("\u200D", "\\u{200d}"));
  for (const code of ["safe\\u{202e}gnp.sql", "zero\\u{200b}width", "bell\\u{7}tab\tline\nend"])
    expect(names).toContain(code);
  expect(await page.title()).toContain(ODD[1]);
});

it("the page's policy blocks scripts, styles and other files, even where one got in", async () => {
  let hits = 0;
  const server = createServer((_request, response) => {
    hits += 1;
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const forged = htmlPage(done).replace(
    "</main>",
    `<script>document.title = "owned"</script><img src="http://127.0.0.1:${port}/x.png" alt=""><p style="color: red" id="p">x</p></main>`,
  );
  try {
    const page = await open({ colorScheme: "light", width: 1280 });
    await page.setContent(forged, { waitUntil: "load" });
    expect(await page.title()).not.toBe("owned");
    const colour = await evaluate<string>(page, `getComputedStyle(document.getElementById("p")).color`);
    expect(colour).not.toBe("rgb(255, 0, 0)");
    expect(hits).toBe(0);
  } finally {
    server.close();
  }
});
