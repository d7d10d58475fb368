// The page asks its own backend for the session; the address of the API is in an attribute.

const { api } = await (await fetch('/settings')).json();

async function fetchSession(asked) {
  const answer = await fetch('/session', { method: 'POST', body: JSON.stringify(asked) });
  return answer.json();
}

for (const element of document.querySelectorAll('regrant-status, regrant-reconnect')) {
  element.setAttribute('api', api);
  element.fetchSession = fetchSession;
  element.addEventListener('ready', () => { document.title = 'ready'; });
}
