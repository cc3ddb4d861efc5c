// Puts pg_dump and pg_restore of every PostgreSQL that is installed here, with the libraries that they need, into a folder
// that an image can copy over its root: node collect-clients.ts FOLDER. The image has to have the same Debian's C library.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const installed = "/usr/lib/postgresql";

// They belong together and to the image's own loader.
const OF_THE_C_LIBRARY = /^(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|resolv|util|anl|nss_\w+))\.so/;

const out = process.argv[2];
if (out === undefined) throw new Error("name a folder");

function copy(from: string, to: string): void {
  mkdirSync(dirname(join(out ?? "", to)), { recursive: true });
  cpSync(realpathSync(from), join(out ?? "", to));
}

/** The files of a program's libraries, by the names that it asks for. */
function librariesOf(program: string): string[] {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  const missing = lines.filter((line) => line.includes("not found"));
  if (missing.length > 0) throw new Error(`${program} lacks${missing.join()}`);
  return lines.flatMap((line) => /=> (\/\S+)/.exec(line)?.[1] ?? []);
}

const versions = existsSync(installed) ? readdirSync(installed) : [];
const programs = versions
  .flatMap((version) => ["pg_dump", "pg_restore"].map((name) => join(installed, version, "bin", name)))
  .filter((program) => existsSync(program));
if (programs.length === 0) throw new Error(`there is no pg_dump below ${installed}`);

for (const program of programs) copy(program, program);
for (const library of new Set(programs.flatMap(librariesOf))) {
  // Debian links /lib to usr/lib, and a folder must not be copied over that link.
  if (!OF_THE_C_LIBRARY.test(basename(library))) copy(library, library.replace(/^\/lib\//, "/usr/lib/"));
}
