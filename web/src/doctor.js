// What may keep the flow from working on a page, each in one line that the page's engineer can act on.

const IN_APP = /FBAN|FBAV|Instagram|MicroMessenger|Line\/|; wv\)/;

let violations = 0;
globalThis.document?.addEventListener('securitypolicyviolation', () => { violations += 1; });

export async function examine(element, client, isBlocked) {
  const [policy, session] = await Promise.all([openerPolicy(), readSession(client)]);
  const isHosted = (element.getAttribute('consent') ?? 'hosted') === 'hosted';
  const skew = Math.round(Math.abs(client?.session.skew ?? 0) / 1000);
  return [
    finding('session', Boolean(element.fetchSession), 'Set `fetchSession`; it gives { token } from your backend.'),
    finding('origin', session !== 'unreachable', 'The API does not answer this origin. List it for the tenant, and check `api`.'),
    finding('link', !isHosted || !client || Boolean(client.session.link), '`fetchSession` gives no `link`, which a hosted log-in needs.'),
    finding('opener_policy', policy !== 'same-origin', 'Send Cross-Origin-Opener-Policy: same-origin-allow-popups.'),
    finding('pop_up', !isBlocked, 'The browser blocked the window of the log-in.'),
    finding('in_app_browser', !IN_APP.test(navigator.userAgent), 'Meta refuses log-ins in browsers inside apps.'),
    finding('frame', origin !== 'null', 'A sandboxed frame has no origin. Open the hosted link instead.'),
    finding('policy', violations === 0, `The content security policy stopped something on this page, ${violations} times.`),
    finding('clock', skew < 120, `The clock of this computer differs by ${skew} seconds.`),
  ];
}

const finding = (code, ok, detail) => ({ code, ok, detail: ok ? null : detail });

async function openerPolicy() {
  const answer = await fetch(location.href, { method: 'HEAD' }).catch(() => null);
  return answer?.headers.get('cross-origin-opener-policy') ?? null;
}

async function readSession(client) {
  if (!client) return 'none';
  try {
    return String((await client.send('GET', '/v1/reconnect-sessions/current?limit=1')).status);
  } catch (error) {
    return error instanceof TypeError ? 'unreachable' : 'none';
  }
}
