import { describe, expect, it } from "vitest";
import { HeadgateError } from "../../../agent/errors/headgate-error.ts";
import { agentSchema, valuesSchema } from "../../../agent/settings/schema/index.ts";
import { parseSettings } from "../../../agent/settings/settings.ts";

async function refusal(values: unknown): Promise<HeadgateError> {
  const error = await parseSettings(values, "desk", "values.yaml").catch((caught: unknown) => caught);
  if (!(error instanceof HeadgateError)) throw new Error("the settings were accepted");
  return error;
}

describe("settings", () => {
  it("are complete when nothing is given; a desk waits less long, looks beside itself and takes nothing back unasked", async () => {
    expect(await parseSettings(undefined, "desk")).toMatchObject({
      wait: { timeout: "5s" },
      migrations: { dir: "migrations" },
      migrate: { lockTimeout: { first: "100ms", largest: "5s" }, lockBudget: "60s", orphans: "wait" },
      rollback: {
        enabled: true,
        onAhead: "fail",
        onRefusal: "fail",
        delay: "0s",
        signing: { existingSecret: "", key: "key" },
      },
      history: { schema: "headgate", target: "default", pgmigrations: { schema: "", table: "pgmigrations" } },
    });
    expect(await parseSettings({}, "pod")).toMatchObject({
      wait: { timeout: "45s" },
      migrations: { dir: "/migrations" },
      rollback: { onAhead: "auto", delay: "10s" },
    });
  });

  it("keep what is given beside defaults, and pass over what is the chart's", async () => {
    const settings = await parseSettings(
      { migrate: { lockTimeout: { first: "50ms" } }, image: { tag: "1.2.3" } },
      "desk",
    );
    expect(settings.migrate.lockTimeout).toEqual({ first: "50ms", largest: "5s" });
    expect(Object.keys(settings).sort()).toEqual(Object.keys(agentSchema.properties).sort());
  });

  it("take the defaults of the whole chart's values back without a complaint", async () => {
    const defaults = Object.fromEntries(
      Object.entries(valuesSchema.properties).map(([key, node]) => [key, node.default]),
    );
    await expect(parseSettings(defaults, "pod")).resolves.toBeDefined();
  });

  it("take a key that is null as left out, as Helm does: an empty group in YAML is null", async () => {
    const settings = await parseSettings({ smoke: null, wait: { timeout: null } }, "desk");
    expect(settings.wait.timeout).toBe("5s");
    expect(settings.smoke.tables).toEqual([]);
    const queries = [{ sql: "SELECT NULL", expect: null }];
    expect((await parseSettings({ smoke: { queries } }, "desk")).smoke.queries).toEqual(queries);
  });

  it("are refused as a whole when they are no mapping", async () => {
    expect((await refusal(["a"])).message).toBe("values.yaml hold no mapping of keys to values");
  });

  it("tell every problem at once, each with its key and what to write", async () => {
    const error = await refusal({
      migrat: {},
      wait: { timeout: "45" },
      migrate: { lockBudgt: "1s", lockTimeout: { first: 100 } },
      plan: { outOfOrder: "maybe" },
      database: { port: 70_000, searchPath: ["a;b"] },
      rollback: { onAhead: "keep", delay: "soon" },
      smoke: { queries: [{ sql: "SELECT 1" }] },
      history: { reports: { keep: "3 months" } },
      drift: { schedule: "6 o clock" },
      smocke: 1,
    });
    expect(error.id).toBe("bad-settings");
    expect(error.exitCode).toBe(1);
    expect(error.message).toBe("13 problems in values.yaml");
    const text = error.details.join("\n");
    for (const line of [
      "migrat: unknown key; did you mean migrate?",
      "smocke: unknown key; did you mean smoke?",
      "migrate.lockBudgt: unknown key; did you mean lockBudget?",
      "migrate.lockTimeout.first: wants string, not 100",
      'plan.outOfOrder: "maybe" is none of ["refuse","allow"]',
      'rollback.onAhead: "keep" is none of ["auto","tolerate","revert","fail"]',
      'rollback.delay: "soon" is not a duration',
      "database.port: ",
      'database.searchPath.0: "a;b"',
      "smoke.queries.0.expect: is missing",
      'history.reports.keep: "3 months" does not fit; write it like 90d',
      'drift.schedule: "6 o clock" does not fit; write it like 0 6 * * *',
    ]) {
      expect(text).toContain(line);
    }
  });

  it("say how a duration is written instead of showing a regular expression", async () => {
    const { details } = await refusal({ wait: { timeout: "45 seconds" } });
    expect(details.join()).toMatch(/wait\.timeout: "45 seconds" .*(45s|500ms)/);
    expect(details.join()).not.toContain("[1-9]");
  });

  it("list the keys there are when nothing is near", async () => {
    expect((await refusal({ wait: { patience: "1s" } })).details).toEqual([
      "wait.patience: unknown key; known here: timeout",
    ]);
  });

  it("must not contradict each other, and every contradiction is told at once", async () => {
    const { details } = await refusal({
      database: { tls: { mode: "disable", caSecret: "ca", certSecret: "cert" } },
      migrate: { lockTimeout: { first: "10s", largest: "5s" } },
    });
    expect(details).toHaveLength(3);
    expect(details.join("\n")).toContain("database.tls.mode disable never checks a certificate, database.tls.caSecret");
    expect(details.join("\n")).toContain("migrate.lockTimeout.first 10s is longer than migrate.lockTimeout.largest 5s");
  });

  it("refuse a lock time-out of nothing, which PostgreSQL takes for waiting without end", async () => {
    expect((await refusal({ migrate: { lockTimeout: { first: "0ms" } } })).details.join()).toContain(
      "lockTimeout.first",
    );
  });

  it("refuse a lock time-out that PostgreSQL cannot hold", async () => {
    const { details } = await refusal({ migrate: { lockTimeout: { first: "1000h", largest: "1000h" } } });
    expect(details.join()).toContain("lockTimeout");
  });
});

describe("every setting", () => {
  const nodes = (node: object, path: string): { path: string; node: object }[] => {
    const children: object = Reflect.get(node, "properties") ?? {};
    return Object.entries(children).flatMap(([key, child]) => {
      const here = path === "" ? key : `${path}.${key}`;
      return [{ path: here, node: child }, ...nodes(child, here)];
    });
  };

  it("has a default and a description, and no name that ends in Seconds but Kubernetes' own", () => {
    for (const { path, node } of nodes(valuesSchema, "")) {
      expect(node, path).toHaveProperty("description");
      expect(node, path).toHaveProperty("default");
      if (path.endsWith("Seconds"))
        expect(["job.activeDeadlineSeconds", "terminationGracePeriodSeconds"]).toContain(path);
    }
  });
});
