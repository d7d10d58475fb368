// A client of the Regrant API for a tenant's backend: every call is typed by the description of the API.

import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './regrant.js';

export type Schemas = components['schemas'];
export type Regrant = Client<paths>;

export interface Credentials {
  api: string;
  clientId: string;
  clientSecret: string;
}

// Renewed this long before it ends, so that no call carries a token that ends on the way.
const RENEW_BEFORE_MS = 60_000;

/** A client that logs in when it is first used, and again before its token ends. */
export function connect({ api, clientId, clientSecret }: Credentials): Regrant {
  const regrant = createClient<paths>({ baseUrl: api });
  let token: Promise<{ text: string; endsAt: number }> | undefined;

  async function logIn(): Promise<{ text: string; endsAt: number }> {
    const { data, error } = await createClient<paths>({ baseUrl: api }).POST('/oauth/token', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
    });
    if (!data) {
      throw new Error(`the log-in failed: ${JSON.stringify(error)}`);
    }
    return { text: data.access_token, endsAt: Date.now() + data.expires_in * 1000 - RENEW_BEFORE_MS };
  }

  regrant.use({
    async onRequest({ request }) {
      if (!token || (await token).endsAt <= Date.now()) {
        token = logIn();
        token.catch(() => (token = undefined));
      }
      request.headers.set('Authorization', `Bearer ${(await token).text}`);
      return request;
    },
  });
  return regrant;
}
