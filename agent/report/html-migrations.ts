import { formatDuration } from "../lib/duration.ts";
import { FELT } from "../statements/lock-modes.ts";
import type { Account, MigrationAccount } from "./account.ts";
import { html, type Markup } from "./markup.ts";
import { changedText, factsOf, weight } from "./words.ts";

/** Beyond these a browser, and a reader, would rather not. */
const SHOWN = 500;
const SQL_CHARS = 1_500_000;
const LOCKS = 50;
/** So few stand open. */
const OPEN = 3;

const OPENED = html` open`;

function locksTable(locks: MigrationAccount["locks"] = []): Markup {
  if (locks.length === 0) return html``;
  const rows = locks
    .slice(0, LOCKS)
    .map(
      ({ table, lock }) =>
        html`<tr><td><bdi class="name">${table}</bdi></td><td class="tight"><span class="pill ${weight(lock)}">${lock}</span></td><td>${FELT[lock]}</td></tr>`,
    );
  const more =
    locks.length > LOCKS ? html`<p class="soft small">${locks.length - LOCKS} more locks are not shown.</p>` : html``;
  return html`<h3>Locks on tables</h3><div class="scroll" role="region" aria-label="Locks on tables" tabindex="0"><table><thead><tr><th scope="col">Table</th><th scope="col">Lock</th><th scope="col">Meanwhile</th></tr></thead><tbody>${rows}</tbody></table></div>${more}`;
}

function sqlOf({ sql, sqlLength = 0, direction }: MigrationAccount, room: number): Markup {
  if (sql === undefined)
    return html`<p class="soft small">${sqlLength > 0 ? "Its SQL is" : "No SQL of it is"} in the history.</p>`;
  const shown = sql.slice(0, room);
  const left = sqlLength - shown.length;
  const more = left > 0 ? html`<p class="soft small">${left} more characters are in the history.</p>` : html``;
  const label = direction === "down" ? "SQL that took it back" : "SQL as it was applied";
  return html`<h3>${label}</h3><pre tabindex="0" role="region" aria-label="${label}"><code>${shown.replace(/\n+$/, "")}</code></pre>${more}`;
}

function one(migration: MigrationAccount, { open, room }: { readonly open: boolean; readonly room: number }): Markup {
  const [strongest] = migration.locks ?? [];
  const facts = factsOf(migration).join(" · ");
  const pill =
    strongest === undefined ? html`` : html`<span class="pill ${weight(strongest.lock)}">${strongest.lock}</span>`;
  return html`<details${open ? OPENED : html``}><summary><bdi class="name">${migration.name}</bdi>${pill}<span class="took">${formatDuration(migration.durationMs)}</span></summary><div class="inside">${facts === "" ? html`` : html`<p class="soft small">${facts}</p>`}${locksTable(migration.locks)}${sqlOf(migration, room)}</div></details>`;
}

const stopped = (name: string): Markup =>
  html`<p class="ended"><span class="pill bad">ended here</span><bdi class="name">${name}</bdi><span class="soft small">was not committed as a whole</span></p>`;

/** Each migration of the run, to be opened: SQL, locks, and how it ran. */
export function migrationList({ migrations, report }: Account): Markup {
  const { stoppedAt, notReached } = report;
  if (migrations.length + notReached.length === 0 && stoppedAt === undefined) return html``;
  let room = SQL_CHARS;
  const shown = migrations.slice(0, SHOWN).map((migration, at) => {
    const item = one(migration, { open: migrations.length <= OPEN, room });
    room = Math.max(0, room - Math.min(migration.sql?.length ?? 0, room));
    return { item, at };
  });
  const left = migrations.length - shown.length;
  const more =
    left > 0
      ? html`<p class="soft small">${left} more are in the history: headgate history --migrations lists them.</p>`
      : html``;
  const stop = stoppedAt === undefined ? html`` : stopped(stoppedAt);
  return html`<section aria-labelledby="migrations"><h2 id="migrations">Migrations</h2><p class="soft">${changedText(migrations) || "None was committed."}</p>${shown.map(({ item }) => item)}${more}${stop}${waiting(notReached)}</section>`;
}

const NAMES = 200;

function waiting(names: readonly string[]): Markup {
  if (names.length === 0) return html``;
  const shown = names.slice(0, NAMES).map((name) => html`<li><bdi class="name">${name}</bdi></li>`);
  const more = names.length > NAMES ? html`<li>and ${names.length - NAMES} more</li>` : html``;
  return html`<h3>Not reached</h3><ul class="notes">${shown}${more}</ul>`;
}
