// Runs Meta's Node SDK against the simulator, unchanged.
//
// REGRANT_SANDBOX_URL names the simulator, which should run the demo world. This SDK sends no proofs, so it uses the
// app that demands none. The last line is `N passed, M failed`.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

const home = process.env.REGRANT_SDK_HOME ?? process.cwd();
const require = createRequire(path.join(home, 'package.json'));
const sdk = require('facebook-nodejs-business-sdk');
const { AdAccount, Business, FacebookAdsApi, FacebookAdsApiBatch, Page, ProductCatalog, User } = sdk;

const sandbox = process.env.REGRANT_SANDBOX_URL.replace(/\/$/, '');
Object.defineProperty(FacebookAdsApi, 'GRAPH', { get: () => sandbox });

async function control(method, path, body) {
  const answer = await fetch(`${sandbox}/sandbox/${path}`, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} /sandbox/${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

const world = await control('GET', 'world');
const app = world.apps.find((candidate) => !candidate.require_proof);
const strict = world.apps.find((candidate) => candidate.require_proof);
const person = world.persons.find((candidate) => !candidate.is_work_account);
const business = world.businesses[0];
const ofKind = (kind) => world.assets.filter((asset) => asset.kind === kind && asset.business === business.id);

async function token(order = {}) {
  return (await control('POST', 'tokens', { person: person.id, app: app.id, ...order })).access_token;
}

async function login(order) {
  return FacebookAdsApi.init(await token(order), 'en_US', false);
}

async function refused(call, code, subcode) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.name, 'FacebookRequestError', `unexpected failure: ${error.stack}`);
    assert.deepEqual([error.response?.code, error.response?.error_subcode], [code, subcode], error.message);
    return error;
  }
  throw new Error(`the call succeeded, expected an error ${code}/${subcode}`);
}

async function all(cursor) {
  const found = [...cursor];
  while (cursor.hasNext()) {
    found.push(...(await cursor.next()));
  }
  return found.map((node) => node.id);
}

async function nodesAreRead() {
  const api = await login();
  const me = await new User('me', {}, null, api).get(['id', 'name', 'is_work_account']);
  assert.deepEqual([me.id, me.is_work_account], [person.id, false]);
  const [page] = ofKind('page');
  const read = await new Page(page.id, {}, null, api).get(['id', 'name', 'access_token']);
  assert.equal(read.name, page.name);
  assert.ok(read.access_token, 'the page token is missing');
  const [account] = ofKind('ad_account');
  const facts = await new AdAccount(account.id, {}, null, api).get(['account_id', 'account_status', 'user_tasks']);
  assert.equal(facts.account_id, account.id.replace('act_', ''));
  assert.ok(facts.user_tasks.includes('MANAGE'));
  const [catalog] = ofKind('product_catalog');
  assert.equal((await new ProductCatalog(catalog.id, {}, null, api).get(['name'])).name, catalog.name);
}

async function edgesArePaged() {
  const api = await login();
  const pages = await all(await new User('me', {}, null, api).getAccounts(['id'], { limit: 5 }));
  assert.ok(pages.length > 5 && new Set(pages).size === pages.length, 'pages are lost or doubled on the way');
  const owned = await all(await new Business(business.id, {}, null, api).getOwnedAdAccounts(['id'], { limit: 3 }));
  assert.deepEqual(owned.sort(), ofKind('ad_account').map((asset) => asset.id).sort());
}

function batchOf(api, assets, seen) {
  const batch = new FacebookAdsApiBatch(api);
  for (const asset of assets) {
    const keep = (list) => (answer) => list.push(answer);
    batch.add('GET', [asset.id], { fields: 'id,name' }, null, keep(seen.passed), keep(seen.failed));
  }
  return batch;
}

async function batchesKeepTheirOrder() {
  const [api, seen, wanted] = [await login(), { passed: [], failed: [] }, ofKind('ad_account')];
  assert.equal(await batchOf(api, wanted, seen).execute(), null, 'a whole batch is left to be repeated');
  assert.deepEqual(seen.passed.map((answer) => answer.body.name), wanted.map((asset) => asset.name));
}

async function nullItemsAreSentAgain() {
  const [api, seen, wanted] = [await login(), { passed: [], failed: [] }, ofKind('ad_account')];
  const lost = wanted[2].id;
  await control('POST', 'faults', { match: { asset: lost }, effect: 'null_item', times: 1 });
  await batchOf(api, wanted, seen).execute();
  assert.equal(seen.passed.length, wanted.length - 1, 'only the null item is missing');
  await batchOf(api, [wanted[2]], seen).execute();
  assert.equal(seen.passed.at(-1).body.id, lost);
}

async function batchItemsFailAlone() {
  const [api, seen] = [await login(), { passed: [], failed: [] }];
  await batchOf(api, [ofKind('page')[0], { id: '1' }], seen).execute();
  assert.deepEqual([seen.passed.length, seen.failed.length], [1, 1]);
  const { error } = seen.failed[0];
  const fault = error.response?.error ?? error.response;
  assert.deepEqual([fault.code, fault.error_subcode], [100, 33]);
}

async function errorsAreTyped() {
  const api = await login();
  const gone = await refused(() => new AdAccount('act_1', {}, null, api).get(['name']), 100, 33);
  assert.equal(gone.response.type, 'GraphMethodException');
  const [page] = ofKind('page');
  const field = await refused(() => new Page(page.id, {}, null, api).get(['no_such_field']), 100, undefined);
  assert.match(field.message, /nonexisting field \(no_such_field\)/);
  const nonsense = FacebookAdsApi.init('nonsense', 'en_US', false);
  await refused(() => new User('me', {}, null, nonsense).get(['id']), 190, undefined);
}

async function proofsAreDemanded() {
  const api = await login({ app: strict.id });
  const error = await refused(() => new User('me', {}, null, api).get(['id']), 100, undefined);
  assert.match(error.message, /require an appsecret_proof/);
}

const checks = [
  nodesAreRead,
  edgesArePaged,
  batchesKeepTheirOrder,
  nullItemsAreSentAgain,
  batchItemsFailAlone,
  errorsAreTyped,
  proofsAreDemanded,
];

let failed = 0;
for (const check of checks) {
  try {
    await control('DELETE', 'faults');
    await check();
    console.log(`ok    node: ${check.name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  node: ${check.name}\n${error.stack}`);
  }
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
