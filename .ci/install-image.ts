// Runs once, while the image is built, as root and without a shell.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileBundle, FLAG } from "./compile-bundle.ts";

const UID = 65532;
const launcher = "/usr/local/bin/headgate";

// A script's first line takes no search path, and a base without a shell has no `env` either. It takes one argument.
writeFileSync(launcher, `#!${process.execPath} ${FLAG}\nrequire("/app/dist/main.js");\n`);
chmodSync(launcher, 0o755);

// A team's image copies its files here and `headgate compile` writes their manifest beside them, as this user.
mkdirSync("/migrations", { recursive: true });
chownSync("/migrations", UID, UID);

// What a run will load is compiled now: at run time the root file system is read-only.
compileBundle("/app/dist");

// All that follows as the user that the image runs as.
const asUser = { encoding: "utf8", uid: UID, gid: UID } as const;
const CHECK = 'import { refusedIn } from "/app/compile-bundle.ts"; console.log(refusedIn("/app/dist").length)';
const check = spawnSync(process.execPath, [FLAG, "--input-type=module", "-e", CHECK], asUser);
if (check.stdout !== "0\n")
  throw new Error(
    `Node ${process.version} does not take what it has compiled itself; name another BASE.\n${check.stdout}${check.stderr}`,
  );

const sample = mkdtempSync(join(tmpdir(), "headgate-"));
chownSync(sample, UID, UID);
writeFileSync(join(sample, "1_sample.sql"), "SELECT 1;\n");
const trials = [
  ["--help"],
  ["explain", "4"],
  // also the proof that the pages are in the image: without its page it ends with 70
  ["explain", "bug"],
  ["explain", "HG101"],
  ["compile", "--dir", sample],
  ["migrate", "--dir", sample],
];
for (const args of trials) {
  const { status, stderr } = spawnSync(launcher, args, {
    env: { ...process.env, DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" },
    ...asUser,
  });
  // Nothing listens there: 2 is the right answer of those that ask for a database.
  if (status !== 0 && status !== 2) throw new Error(`headgate ${args.join(" ")} ended with ${status}:\n${stderr}`);
}
rmSync(sample, { recursive: true });
