/** The page's only style: it names no other file, and its hash stands in the page's policy. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --raised: #f7f8fa; --ink: #19212c; --soft: #515c6b; --line: #dce0e6; --link: #1d5a9e;
  --good: #17633a; --good-on: #e3f3e9; --bad: #9c1f1a; --bad-on: #fcebe9; --warn: #714a00; --warn-on: #fbf0d7;
  --calm: #24548f; --calm-on: #e6eef9; --bar: #4d7cb3; --bar-in: #86a9d1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151b; --card: #181e26; --raised: #1f2630; --ink: #e4e9f0; --soft: #a6b0be; --line: #2e3744; --link: #8ab9f3;
    --good: #84d8a5; --good-on: #14301f; --bad: #ffa39a; --bad-on: #3b1a19; --warn: #f0c672; --warn-on: #352a10;
    --calm: #9cc6fb; --calm-on: #172b45; --bar: #5b8fcd; --bar-in: #3f679b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header, main, footer { width: 100%; max-width: 66rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; justify-content: space-between; padding-top: 1.5rem; color: var(--soft); font-size: .9rem; }
.mark { display: inline-flex; gap: .55rem; align-items: center; color: var(--ink); font-weight: 650; letter-spacing: .01em; margin: 0; }
.mark svg { display: block; fill: var(--bar); }
header p { margin: 0; }
footer { color: var(--soft); font-size: .85rem; padding-top: .5rem; padding-bottom: 2.5rem; }
h1, h2, h3 { line-height: 1.25; font-weight: 650; text-wrap: balance; }
h1 { font-size: clamp(1.45rem, 1.1rem + 1.6vw, 2rem); margin: .75rem 0 .25rem; letter-spacing: -.012em; }
h2 { font-size: 1.15rem; margin: 0 0 .9rem; }
h3 { font-size: .95rem; margin: 1.1rem 0 .4rem; }
p { margin: 0 0 .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.35rem 1.5rem 1.4rem; margin: 1rem 0; }
section > :last-child { margin-bottom: 0; }
code, pre, .name { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
.name { unicode-bidi: isolate; text-align: left; }
pre {
  margin: .5rem 0 0; padding: .85rem 1rem; background: var(--raised); border: 1px solid var(--line); border-radius: .5rem;
  overflow-x: auto; line-height: 1.5; tab-size: 4; max-width: 100%;
}
pre:focus-visible, .scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
.pill { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; background: var(--calm-on); color: var(--calm); white-space: nowrap; }
.pill.good { background: var(--good-on); color: var(--good); }
.pill.bad, .pill.heavy { background: var(--bad-on); color: var(--bad); }
.pill.warn, .pill.middle { background: var(--warn-on); color: var(--warn); }
.pill.mute { background: var(--raised); color: var(--soft); }
.verdict { border-top: .3rem solid var(--calm); padding-top: 1.2rem; }
.verdict.good { border-top-color: var(--good); }
.verdict.bad { border-top-color: var(--bad); }
.verdict.warn { border-top-color: var(--warn); }
.lead { font-size: 1.05rem; white-space: pre-wrap; }
.first { margin: 1.1rem 0 0; padding: .9rem 1.1rem; background: var(--raised); border-radius: .5rem; border-left: .25rem solid var(--link); }
.first h2 { font-size: 1rem; margin-bottom: .35rem; }
.first p { white-space: pre-wrap; }
.first > :last-child { margin-bottom: 0; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .9rem 1.25rem; margin: 1.25rem 0 0; }
.numbers dt { color: var(--soft); font-size: .8rem; }
.numbers dd { margin: 0; font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts { display: grid; grid-template-columns: minmax(7rem, 11rem) 1fr; gap: .4rem 1.25rem; margin: 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.line { list-style: none; margin: 0; padding: 0; }
.line li { display: grid; grid-template-columns: minmax(8rem, 15rem) minmax(0, 1fr) 6.5rem; gap: 0 1rem; align-items: center; padding: .45rem 0; border-top: 1px solid var(--line); }
.line li:first-child { border-top: 0; }
.line li.inner { border-top: 0; padding: .1rem 0 .1rem; font-size: .9rem; }
.line li.inner + li:not(.inner) { margin-top: .35rem; }
.line li.inner .what { padding-left: 1.1rem; }
.line .took { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--soft); font-size: .9rem; }
.line .told { grid-column: 1 / -1; color: var(--soft); font-size: .875rem; }
.track { display: block; width: 100%; height: .7rem; border-radius: .35rem; background: var(--raised); }
.track rect { fill: var(--bar); }
.inner .track { height: .45rem; }
.inner .track rect { fill: var(--bar-in); }
.track.bad rect { fill: var(--bad); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0 0; }
summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; padding: .6rem .9rem; cursor: pointer; list-style: none; border-radius: .5rem; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "›"; color: var(--soft); font-weight: 700; width: .7rem; flex: none; }
details[open] > summary::before { content: "⌄"; }
summary:hover { background: var(--raised); }
summary .name { flex: 1 1 12rem; min-width: 0; font-weight: 600; }
summary .took { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; font-size: .9rem; }
.ended { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; border: 1px solid var(--bad); border-radius: .5rem; padding: .6rem .9rem; margin: .5rem 0 0; }
.ended .name { font-weight: 600; min-width: 0; }
.inside { padding: 0 .9rem .9rem; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem 1rem .45rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .8rem; white-space: nowrap; }
td { min-width: 6rem; }
td.wide { min-width: 14rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 0; min-width: 0; }
td.tight { min-width: 0; white-space: nowrap; }
.plus { color: var(--good); }
.minus { color: var(--bad); }
.notes { margin: 0; padding-left: 1.2rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 40rem) {
  header, main, footer { padding-left: .8rem; padding-right: .8rem; }
  section { padding: 1.1rem 1rem; }
  .line li { grid-template-columns: minmax(0, 1fr) auto; }
  .line .bar { grid-column: 1 / -1; grid-row: 2; margin: .3rem 0 .2rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .6rem; }
  summary .name { flex-basis: 70%; }
  th, td { padding-right: .7rem; }
  td { min-width: 4.5rem; }
  td.wide { min-width: 11rem; }
  td.tight { white-space: normal; }
  td .pill { white-space: normal; border-radius: .6rem; overflow-wrap: normal; }
}
@media print {
  :root { --page: #fff; --raised: #fff; }
  body { font-size: 11pt; }
  section { break-inside: auto; border-color: #999; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .scroll { overflow: visible; }
  h2, h3, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .track rect, .pill { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
