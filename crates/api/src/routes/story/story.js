// The buttons of the story, and what they moved.

const reconnect = document.querySelector('#reconnect');
const status = document.querySelector('#status');
const error = document.querySelector('#error');
const buttons = [...document.querySelectorAll('button[data-act]')];

async function run(act) {
  const answer = await fetch(`/story/${act}`, { method: 'POST' });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? 'The rehearsal does not answer.');
  return body;
}

function list(element, rows) {
  element.replaceChildren(...rows.flatMap(([name, value]) => {
    const [term, detail] = [document.createElement('dt'), document.createElement('dd')];
    [term.textContent, detail.textContent] = [name, value];
    return [term, detail];
  }));
}

const number = new Intl.NumberFormat('en');
const date = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

let known;

function show(state) {
  // What the worker found out is shown at once.
  const assets = JSON.stringify(state.assets);
  if (known && known !== assets) Promise.all([reconnect.refresh(), status.start()]);
  known = assets;
  const now = document.querySelector('#now');
  now.dateTime = state.now;
  now.textContent = date.format(new Date(state.now));
  list(document.querySelector('#assets'), Object.entries(state.assets).map(([name, n]) => [name, number.format(n)]));
  list(document.querySelector('#calls'), [['calls in all', number.format(state.calls.total)],
    ['batches', number.format(state.calls.batches)],
    ...Object.entries(state.calls.by_path).sort((a, b) => b[1] - a[1]).map(([path, n]) => [path, number.format(n)])]);
  for (const step of document.querySelectorAll('.steps li')) {
    const isDone = state.done.includes(step.id);
    step.classList.toggle('done', isDone);
    step.classList.toggle('next', state.next === step.id);
    step.setAttribute('aria-current', state.next === step.id ? 'step' : 'false');
  }
}

async function look() {
  try {
    show(await run('state'));
  } catch (failure) {
    console.warn(failure.message);
  }
}

// What the component does itself; every other act is one of the world.
const OWN = {
  replace() {
    reconnect.scrollIntoView({ block: 'nearest' });
    reconnect.shadowRoot?.querySelector('.main, .acts button')?.click();
  },
  undo() { reconnect.undo(); },
};

async function press(button) {
  const { act } = button.dataset;
  error.hidden = true;
  if (OWN[act]) return OWN[act]();
  button.setAttribute('aria-disabled', 'true');
  try {
    show(await run(act));
  } catch (failure) {
    error.textContent = failure.message;
    error.hidden = false;
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

for (const button of buttons) {
  button.addEventListener('click', () => { if (!button.hasAttribute('aria-disabled')) press(button); });
}
status.addEventListener('consent-needed', () => OWN.replace());
reconnect.addEventListener('finished', look);
// One function: both elements share its session.
const fetchSession = () => run('session');
reconnect.fetchSession = fetchSession;
status.fetchSession = fetchSession;
look();
setInterval(() => { if (!document.hidden) look(); }, 3000);
