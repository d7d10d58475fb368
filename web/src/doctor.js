// What may keep the flow from working on a page, each in one line that the page's engineer can act on.

const IN_APP = /FBAN|FBAV|Instagram|MicroMessenger|Line\/|; wv\)/;

let violations = 0;
globalThis.document?.addEventListener('securitypolicyviolation', () => { violations += 1; });

export async function examine(element, client, isBlocked) {
  const [policy, doesAnswer] = await Promise.all([openerPolicy(), answers(client)]);
  const isHosted = (element.getAttribute('consent') ?? 'hosted') === 'hosted';
  const skew = Math.round(Math.abs(client?.session.skew ?? 0) / 1000);
  return [
    finding('session', Boolean(element.fetchSession), 'Set `fetchSession`.'),
    finding('origin', doesAnswer, 'The API does not answer this origin: list it for the tenant, check `api`.'),
    finding('link', !isHosted || !client || Boolean(client.session.link), '`fetchSession` gives no `link`.'),
    finding('opener_policy', policy !== 'same-origin', 'Send Cross-Origin-Opener-Policy: same-origin-allow-popups.'),
    finding('pop_up', !isBlocked, 'The browser blocked the window.'),
    finding('in_app_browser', !IN_APP.test(navigator.userAgent), 'Meta refuses log-ins inside apps.'),
    finding('frame', origin !== 'null', 'A sandboxed frame has no origin: open the link instead.'),
    finding('policy', violations === 0, `The content security policy stopped ${violations} things.`),
    finding('clock', skew < 120, `The clock differs by ${skew} seconds.`),
  ];
}

const finding = (code, ok, detail) => ({ code, ok, detail: ok ? null : detail });

async function openerPolicy() {
  const answer = await fetch(location.href, { method: 'HEAD' }).catch(() => null);
  return answer?.headers.get('cross-origin-opener-policy') ?? null;
}

// `fetch` throws a TypeError where the API does not answer the origin of the page.
const answers = (client) => client?.send('GET', '/v1/reconnect-sessions/current?limit=1')
  .then(() => true, (error) => !(error instanceof TypeError)) ?? true;
