import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadgateError } from "../../../agent/errors/headgate-error.ts";
import { parseUrl } from "../../../agent/postgres/parse-url.ts";

const parse = (url: string) => parseUrl(url, "DATABASE_URL");

function refusalOf(url: string): HeadgateError {
  try {
    parse(url);
  } catch (error) {
    if (error instanceof HeadgateError) return error;
    throw error;
  }
  throw new Error(`accepted: ${url}`);
}

describe("a connection URL", () => {
  it("gives back any user, password and database that was percent-encoded", () => {
    const part = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(part, part, part, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        expect(parse(`postgresql://${u}:${p}@db.example:6543/${d}`)).toMatchObject({
          user,
          password,
          database,
          host: "db.example",
          port: 6543,
        });
      }),
    );
  });

  it("may leave parts out, and have parameters instead", () => {
    expect(parse("postgres://db")).toMatchObject({
      host: "db",
      user: undefined,
      password: undefined,
      database: undefined,
    });
    expect(parse("postgresql://app@db/shop?sslmode=require").parameters.get("sslmode")).toBe("require");
    expect(parse("postgresql://db/?user=app&password=p%40&dbname=shop&port=7")).toMatchObject({
      user: "app",
      password: "p@",
      database: "shop",
      port: 7,
    });
  });

  it("may lead to port 80, an IPv6 address, or a service's short name", () => {
    expect(parse("postgresql://db:80/shop").port).toBe(80);
    expect(parse("postgresql://[2001:db8::1]:5432/shop")).toMatchObject({ host: "2001:db8::1", port: 5432 });
    expect(parse("postgresql://shop-db-rw.web.svc:5432/shop").host).toBe("shop-db-rw.web.svc");
  });

  it("may name no host, or a Unix socket, and keeps its database", () => {
    expect(parse("postgresql:///shop?host=/run/postgresql")).toMatchObject({
      host: "/run/postgresql",
      database: "shop",
    });
    expect(parse("postgresql:///shop")).toMatchObject({ host: undefined, database: "shop" });
    expect(parse("postgresql://app@/shop?host=/run/postgresql")).toMatchObject({ user: "app", database: "shop" });
    expect(parse("postgresql://%2Frun%2Fpostgresql/shop")).toMatchObject({ host: "/run/postgresql", database: "shop" });
  });

  it("takes a plus for a plus, as libpq does", () => {
    expect(parse("postgresql://db/shop?password=a+b").password).toBe("a+b");
  });

  it("that is none is refused without its text", () => {
    for (const url of [
      "",
      "shop",
      "mysql://app:hunter2@db",
      "postgresql://app:hunter2@db:port/shop",
      "postgresql://app:hunter2%zz@db",
    ]) {
      const error = refusalOf(url);
      expect(error.id, url).toBe("no-connection");
      expect(JSON.stringify([error.message, error.details, error.fix]), url).not.toContain("hunter2");
    }
  });

  it("with an unencoded special character in the password is refused, and never taken for another host or database", () => {
    for (const mark of ["/", "?", "#"]) {
      expect(refusalOf(`postgresql://app:12${mark}hunter2@db:5432/shop`).id, mark).toBe("no-connection");
    }
  });
});
