// Replaces the tokens of all assets of a tenant by one token of a person, and prints what became of them.

import { connect, type Schemas } from './client.js';

function setting(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set`);
  }
  return value;
}

const regrant = connect({
  api: setting('REGRANT_API'),
  clientId: setting('REGRANT_CLIENT_ID'),
  clientSecret: setting('REGRANT_CLIENT_SECRET'),
});

const { data: started, error } = await regrant.POST('/v1/reconnects', {
  params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
  body: { access_token: setting('REGRANT_PERSON_TOKEN'), select: {}, wait_seconds: 10 },
});
if (!started) {
  throw new Error(`the reconnect was refused: ${error.title}: ${error.detail}`);
}

let reconnect: Schemas['Reconnect'] = started;
while (reconnect.status === 'running') {
  await new Promise((wake) => setTimeout(wake, 1_000));
  const { data } = await regrant.GET('/v1/reconnects/{id}', { params: { path: { id: reconnect.id } } });
  reconnect = data ?? reconnect;
}
for (const item of reconnect.items.filter(({ reason }) => reason)) {
  console.log(`${item.asset_id}: ${item.outcome}, ${item.reason?.detail}`);
}
console.log(JSON.stringify(reconnect.counts));
