// Makes elements. Nothing is parsed: a strict policy with Trusted Types needs no exception, and a name is never markup.

// `h('p', { class: 'hint', onclick: run }, 'text', child)`; what is null, false or empty is left out.
export function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (!value) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children.flat().filter(Boolean));
  return made;
}

// For how long code runs before the page gets a turn, in milliseconds.
const SLICE = 8;

// A function to wait for between parts of a work: it gives the page a turn if it is time, so that long lists never block it.
export function turns() {
  let until = performance.now() + SLICE;
  return () => performance.now() > until && new Promise((resolve) => {
    setTimeout(() => { until = performance.now() + SLICE; resolve(); });
  });
}
