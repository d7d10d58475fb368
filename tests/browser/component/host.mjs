// The page of a provider and its backend: another origin than the API, with a policy that allows nothing but its own
// files (the icon is the browser's own wish) and calls of the API.
//
// The backend opens a session, and gives the page a new token of it when it asks again.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';

import { REPOSITORY } from '../browser.mjs';

const MODULE = new URL('web/regrant.js', REPOSITORY);

export function policyOf(api) {
  return `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${api}; img-src 'self'; base-uri 'none'; `
    + "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
}

// What a page differs in, by its query: `consent`, `lang`, `dir`, `opener` (a policy), `status`.
function pageOf(query, api) {
  const of = (name, value) => (query.has(name) ? ` ${name}="${query.get(name) || value}"` : '');
  const tags = `<regrant-status api="${api}"></regrant-status>`.repeat(query.has('status') ? 1 : 0)
    + `<regrant-reconnect api="${api}"${of('consent')}></regrant-reconnect>`;
  return `<!doctype html><html lang="${query.get('lang') ?? 'en'}" dir="${query.get('dir') ?? 'ltr'}"><meta charset="utf-8"><title>Provider</title>
    <meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/page.css"><main>
    <h1>Provider</h1>${tags}</main><script type="module" src="/regrant.js"></script>
    <script type="module" src="/page.js"></script></html>`;
}

// A page without a policy that loads the module as the documentation says.
function plainPage(query) {
  return `<!doctype html><title>Plain</title><script type="module" crossorigin src="${query.get('src')}"
    integrity="${query.get('integrity')}"></script>`;
}

const SCRIPT = `
window.seen = [];
window.sessions = 0;
window.sessionIds = [];
addEventListener('securitypolicyviolation', (it) => seen.push(['violation', it.violatedDirective, it.blockedURI]));
const fetchSession = async ({ sessionId }) => {
  window.sessions += 1;
  window.sessionIds.push(sessionId);
  if (window.refuseSession) throw new Error('refused');
  const answer = await fetch('/session' + location.search, { method: 'POST', body: JSON.stringify({ sessionId }) });
  return answer.json();
};
for (const it of document.querySelectorAll('regrant-reconnect, regrant-status')) {
  for (const name of ['ready', 'load-error', 'step-change', 'attention-change', 'consent-needed', 'previewed', 'progress', 'finished', 'closed']) {
    it.addEventListener(name, (event) => seen.push([name, event.detail]));
  }
  it.fetchSession = fetchSession;
}
`;

const STYLE = ':root { color-scheme: light dark; } body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; } '
  + 'regrant-status { margin-bottom: 1rem; } main { display: grid; max-width: 46rem; margin: 0 auto; padding: 1rem; } h1 { font-size: 1rem; margin: 0 0 1rem; }';

export class Host {
  // The id of the session of this page, which its backend keeps.
  sessionId = null;
  // Calls of the page's backend.
  asked = 0;
  // Minutes of a session.
  minutes = 15;

  constructor(given) {
    this.given = given;
    this.url = `http://localhost:${given.host_port}`;
  }

  async start() {
    this.server = createServer((request, response) => this.#answer(request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    }));
    await new Promise((resolve) => { this.server.listen(this.given.host_port, 'localhost', resolve); });
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  // Begins with a new session for these assets.
  forget({ asset_ids = this.given.asset_ids, person_id = null, minutes = 15, uses = 20 } = {}) {
    Object.assign(this, { sessionId: null, linkId: null, link: null, asked: 0, order: { asset_ids, person_id, minutes, uses } });
  }

  // Makes a link for the same assets, as the backend of a page with hosted log-ins does.
  async makeLink() {
    const { asset_ids, person_id } = this.order;
    const made = await this.call('POST', '/v1/reconnect-links', { asset_ids, person_id });
    [this.linkId, this.link] = [made.id, made.url];
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.url);
    const send = (type, body, more = {}) => response.writeHead(200, { 'content-type': type, ...more }).end(body);
    if (url.pathname === '/session') return send('application/json', JSON.stringify(await this.session()));
    if (url.pathname === '/regrant.js') return send('text/javascript', await readFile(MODULE));
    if (url.pathname === '/page.js') return send('text/javascript', SCRIPT);
    if (url.pathname === '/page.css') return send('text/css', STYLE);
    if (url.pathname === '/plain') return send('text/html', plainPage(url.searchParams));
    if (url.pathname !== '/') return response.writeHead(204).end();
    const opener = url.searchParams.get('opener');
    return send('text/html', pageOf(url.searchParams, this.given.api), {
      'content-security-policy': policyOf(this.given.api),
      ...(opener && { 'cross-origin-opener-policy': opener }),
    });
  }

  // What the page's backend gives: a session, the same one when it is asked again.
  async session() {
    this.asked += 1;
    const { minutes } = this.order;
    if (this.linkId) {
      const { session_id: id } = await this.call('GET', `/v1/reconnect-links/${this.linkId}`);
      this.sessionId = id ?? this.sessionId;
    }
    const session = this.sessionId
      ? await this.call('POST', `/v1/reconnect-sessions/${this.sessionId}/refresh`, { minutes, overlap_seconds: 10 })
      : await this.call('POST', '/v1/reconnect-sessions', this.order);
    this.sessionId = session.id;
    return { token: session.token, link: this.link };
  }

  // A call of the tenant's backend.
  async call(method, path, body) {
    this.token ??= await this.#logIn();
    const answer = await fetch(this.given.api + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    if (answer.status === 401) {
      this.token = null;
      return this.call(method, path, body);
    }
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async #logIn() {
    const { api, client_id: id, client_secret: secret } = this.given;
    const answer = await fetch(`${api}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    return (await answer.json()).access_token;
  }

  // A call of the sandbox's controls.
  async sandbox(method, path, body) {
    const answer = await fetch(`${this.given.sandbox}/sandbox/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
}
