// The style of the elements: one sheet for all of them, made when the first one is shown.
// A page sets the twelve `--regrant-…` properties, `color-scheme`, and `::part`s.

const CSS = `
:host {
  --text: var(--regrant-text, light-dark(#1a1d21, #e8eaed));
  --muted: var(--regrant-muted, light-dark(#565d66, #aab1ba));
  --line: var(--regrant-line, light-dark(#d9dee4, #3c4249));
  --back: var(--regrant-back, light-dark(#fff, #15181b));
  --card: var(--regrant-card, light-dark(#f6f7f9, #1e2226));
  --accent: var(--regrant-accent, light-dark(#0b57d0, #8ab4ff));
  --on-accent: var(--regrant-on-accent, light-dark(#fff, #08203f));
  --good: var(--regrant-good, light-dark(#11683a, #7ddba3));
  --warn: var(--regrant-warn, light-dark(#8a4b00, #ffcf85));
  --bad: var(--regrant-bad, light-dark(#b3261e, #ffb4ab));
  --radius: var(--regrant-radius, .75rem);
  display: block; min-width: 0; color-scheme: light dark; color: var(--text);
  font: 1rem/1.5 var(--regrant-font, system-ui, sans-serif); text-align: start; overflow-wrap: anywhere;
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before { box-sizing: border-box; }
.frame { background: var(--back); border: 1px solid var(--line); border-radius: var(--radius); padding: clamp(1rem, 4vw, 1.75rem); }
h2, h3, h4, p, ul { margin: 0; padding: 0; }
h2.good::before { content: '✓ '; color: var(--good); }
h2 { font-size: 1.375rem; line-height: 1.25; }
h3 { font-size: 1rem; display: flex; flex-wrap: wrap; gap: 0 .5rem; align-items: baseline; }
h4 { font-size: .875rem; line-height: 1.5rem; color: var(--muted); padding: .75rem .875rem .25rem; }
.lead { margin-top: .375rem; }
.hint, .meta, .why, .count, .live { color: var(--muted); font-size: .875rem; }
.count { font-weight: 400; }
.note { margin-top: 1rem; padding: .75rem 1rem; border-radius: .5rem; border-inline-start: .25rem solid var(--warn); background: var(--card); }
.acts { display: flex; flex-wrap: wrap; gap: .625rem; margin-top: 1.25rem; }
button, .button {
  font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.125rem; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--line); background: var(--back); color: var(--text); text-decoration: none;
}
button:hover { border-color: var(--muted); }
.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.quiet { border-color: transparent; color: var(--accent); background: none; padding-inline: .5rem; }
[aria-disabled=true] { opacity: .7; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.bar, progress { height: .5rem; margin-top: 1.25rem; }
.bar { display: flex; gap: 2px; border-radius: 1rem; overflow: hidden; background: var(--line); }
.bar i { min-width: .25rem; background: var(--tone); }
progress { width: 100%; accent-color: var(--accent); }
.group { margin-top: 1.5rem; }
.group > h3::before { content: var(--mark); flex: none; inline-size: 1.25rem; text-align: center; color: var(--tone); }
.group > .hint { margin-inline-start: 1.75rem; }
.group.tick > .hint { margin: 0; }
.done, .restored, .will_replace, .unchanged { --tone: var(--good); --mark: '✓'; }
.someone, .would_narrow, .left_out { --tone: var(--warn); --mark: '!'; }
.itself, .would_park { --tone: var(--accent); --mark: '…'; }
.retry { --tone: var(--warn); --mark: '↻'; }
.impossible, .uncovered, .unknown { --tone: var(--bad); --mark: '×'; }
.rows { max-height: 22rem; overflow: auto; margin-top: .625rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
ul { list-style: none; }
.long { content-visibility: auto; contain-intrinsic-block-size: auto 200rem; }
li {
  display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; align-items: start; padding: .5rem .875rem;
  border-top: 1px solid var(--line);
}
:is(h4 + ul, ul:first-child) > li:first-child { border-top: 0; }
.meta { display: block; }
.state { font-size: .875rem; line-height: 1.5rem; text-align: end; color: var(--tone); }
label { display: grid; grid-template-columns: auto 1fr; gap: .625rem; cursor: pointer; }
input { inline-size: 1.125rem; block-size: 1.125rem; margin: .1875rem 0; accent-color: var(--accent); }
.all { padding: .5rem .9375rem 0; }
label ~ * { margin-inline-start: 1.75rem; }
.why { grid-column: 1 / -1; margin-top: .125rem; }
mark { background: none; color: var(--warn); font-weight: 600; font-size: .875rem; }
.live:not(:empty) { margin-top: .75rem; } .acts:empty { display: none; }
.status { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; padding-block: .75rem; border-inline-start: .375rem solid var(--warn); }
.status p { flex: 1; }
@media (max-width: 26rem) { li { grid-template-columns: 1fr; } .state { text-align: start; } .acts > * { flex: 1 1 100%; } }
@media (prefers-contrast: more) { :host { --muted: var(--text); --line: var(--text); } }
@media (forced-colors: active) { .main { border: 2px solid; } .bar i { background: CanvasText; forced-color-adjust: none; } }
`;

let sheet;

export function dress(root) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  root.adoptedStyleSheets = [sheet];
}
