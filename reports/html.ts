/** Text into HTML and SVG: whatever comes from a receipt is text and never markup. */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** One page that needs nothing else: no script, no font, no picture from anywhere. `body` is markup. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<body><main>
${body}
</main></body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6878; --line: #d5dbe3; --back: #fff; --done: #2f7d5b;
  --bad: #b3362c; --undo: #a46b00; --mark: #b3362c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #98a4b3; --line: #39424e; --back: #161b22;
  --done: #4aa37b; --bad: #e0695e; --undo: #d09a3a; --mark: #e0695e; } }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.outcome { font-weight: 600; } .completed { color: var(--done); } .failed, .aborted { color: var(--bad); }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); }
svg .soft { fill: var(--soft); } svg .grid { stroke: var(--line); }
svg .bar-completed { fill: var(--done); } svg .bar-failed, svg .bar-aborted, svg .bar-undo-failed { fill: var(--bad); }
svg .bar-undone { fill: var(--undo); } svg .mark { stroke: var(--mark); stroke-dasharray: 4 3; } svg .number { fill: var(--mark); }
`;
