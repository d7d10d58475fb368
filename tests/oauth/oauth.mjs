// Logs in with programs of others: node oauth.mjs ISSUER CLIENT_ID, with the client's secret on standard input.
//
// oauth4webapi checks each step by the standards; openid-client is what most programs use on top of it. Both configure
// themselves from the address of the issuer alone. The last line is `N passed, M failed`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.REGRANT_OAUTH_HOME}/`);
const oauth = require('oauth4webapi');
const openid = require('openid-client');

const [issuer, clientId] = process.argv.slice(2);
const clientSecret = readFileSync(0, 'utf8').trim();
const insecure = { [oauth.allowInsecureRequests]: true };
const client = { client_id: clientId };
let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${error?.stack ?? error} ${error?.cause ? JSON.stringify(error.cause) : ''}`);
  }
}

async function discover() {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(url, response);
}

async function requestToken(server, auth, scope, options = {}) {
  const parameters = new URLSearchParams(scope ? { scope } : {});
  const response = await oauth.clientCredentialsGrantRequest(server, client, auth, parameters, {
    ...insecure,
    ...options,
  });
  return oauth.processClientCredentialsResponse(server, client, response);
}

function resourceRequest(headers) {
  return new Request(`${issuer}/v1/assets`, { headers });
}

const basic = oauth.ClientSecretBasic(clientSecret);
const server = await discover();

await check('the metadata of the issuer is complete (RFC 8414)', async () => {
  assert.equal(server.issuer, issuer);
  for (const name of ['token_endpoint', 'jwks_uri', 'revocation_endpoint', 'introspection_endpoint']) {
    assert.ok(server[name].startsWith(`${issuer}/`), name);
  }
});

await check('the metadata of the API names the issuer (RFC 9728)', async () => {
  const url = new URL(issuer);
  const response = await oauth.resourceDiscoveryRequest(url, insecure);
  const resource = await oauth.processResourceDiscoveryResponse(url, response);
  assert.deepEqual(resource.authorization_servers, [issuer]);
});

for (const [name, auth] of [
  ['HTTP Basic', basic],
  ['form fields', oauth.ClientSecretPost(clientSecret)],
]) {
  await check(`a client logs in with ${name} and calls the API`, async () => {
    const token = await requestToken(server, auth, 'assets:read');
    assert.equal(token.token_type, 'bearer');
    const url = new URL(`${issuer}/v1/assets`);
    const answer = await oauth.protectedResourceRequest(token.access_token, 'GET', url, undefined, undefined, insecure);
    assert.equal(answer.status, 200);
  });
}

await check('an access token passes the checks of a resource server (RFC 9068)', async () => {
  const { access_token } = await requestToken(server, basic);
  const request = resourceRequest({ authorization: `Bearer ${access_token}` });
  const claims = await oauth.validateJwtAccessToken(server, request, issuer, insecure);
  assert.equal(claims.client_id, clientId);
});

await check('a wrong secret is invalid_client, whether a form or the header named it', async () => {
  for (const auth of [oauth.ClientSecretPost('wrong'), oauth.ClientSecretBasic('wrong')]) {
    const refused = await requestToken(server, auth).then(
      () => assert.fail('it was accepted'),
      (error) => error,
    );
    const challenges = refused instanceof oauth.WWWAuthenticateChallengeError;
    assert.ok(challenges || refused.error === 'invalid_client', String(refused));
  }
  const form = await requestToken(server, oauth.ClientSecretPost('wrong')).catch((error) => error);
  assert.ok(form instanceof oauth.ResponseBodyError, 'a form is not challenged');
  assert.equal(form.error, 'invalid_client');
});

await check('a revoked token is not active and does not call (RFC 7009, RFC 7662)', async () => {
  const { access_token } = await requestToken(server, basic);
  const introspect = async () => {
    const response = await oauth.introspectionRequest(server, client, basic, access_token, insecure);
    return oauth.processIntrospectionResponse(server, client, response);
  };
  assert.equal((await introspect()).active, true);
  const response = await oauth.revocationRequest(server, client, basic, access_token, insecure);
  await oauth.processRevocationResponse(response);
  assert.equal((await introspect()).active, false);
  const answer = await fetch(resourceRequest({ authorization: `Bearer ${access_token}` }));
  assert.equal(answer.status, 401);
});

for (const algorithm of ['ES256', 'ES384', 'Ed25519', 'PS256', 'RS256']) {
  await check(`calls are proved with a key of ${algorithm} (RFC 9449)`, async () => {
    const keys = await oauth.generateKeyPair(algorithm);
    const DPoP = oauth.DPoP(client, keys);
    const retried = async (call) => {
      try {
        return await call();
      } catch (error) {
        assert.ok(oauth.isDPoPNonceError(error), String(error?.stack ?? error));
        return call();
      }
    };
    const token = await retried(() => requestToken(server, basic, 'assets:read', { DPoP }));
    assert.equal(token.token_type, 'dpop');
    const url = new URL(`${issuer}/v1/assets?limit=1`);
    const call = () =>
      oauth.protectedResourceRequest(token.access_token, 'GET', url, undefined, undefined, { DPoP, ...insecure });
    assert.equal((await retried(call)).status, 200);
    assert.equal((await retried(call)).status, 200);
    const stolen = await fetch(resourceRequest({ authorization: `Bearer ${token.access_token}` }));
    assert.equal(stolen.status, 401);
  });
}

await check('a bound token passes the checks of a resource server (RFC 9449, RFC 9068)', async () => {
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
  await requestToken(server, basic, 'assets:read', { DPoP }).catch((error) => assert.ok(oauth.isDPoPNonceError(error)));
  const { access_token } = await requestToken(server, basic, 'assets:read', { DPoP });
  let sent;
  const watched = {
    ...insecure,
    [oauth.customFetch]: (url, init) => {
      sent = new Request(url, init);
      return fetch(url, init);
    },
  };
  const url = new URL(`${issuer}/v1/assets`);
  const answer = await oauth.protectedResourceRequest(access_token, 'GET', url, undefined, undefined, { DPoP, ...watched });
  assert.equal(answer.status, 200);
  const claims = await oauth.validateJwtAccessToken(server, sent, issuer, { requireDPoP: true, ...insecure });
  assert.equal(claims.cnf.jkt, await DPoP.calculateThumbprint());
  const response = await oauth.introspectionRequest(server, client, basic, access_token, insecure);
  const introspection = await oauth.processIntrospectionResponse(server, client, response);
  assert.deepEqual([introspection.token_type, introspection.cnf], ['DPoP', { jkt: claims.cnf.jkt }]);
});

await check('a call without a valid token learns of both schemes (RFC 9449)', async () => {
  const url = new URL(`${issuer}/v1/assets`);
  const refused = await oauth.protectedResourceRequest('a.b.c', 'GET', url, undefined, undefined, insecure).then(
    () => assert.fail('it was accepted'),
    (error) => error,
  );
  assert.ok(refused instanceof oauth.WWWAuthenticateChallengeError, String(refused));
  assert.deepEqual(refused.cause.map((it) => it.scheme), ['bearer', 'dpop']);
  assert.ok(refused.cause[1].parameters.algs.split(' ').includes('ES256'));
});

await check('openid-client configures itself, logs in, introspects and revokes', async () => {
  const options = { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] };
  const config = await openid.discovery(new URL(issuer), clientId, clientSecret, undefined, options);
  const token = await openid.clientCredentialsGrant(config, { scope: 'assets:read' });
  const url = new URL(`${issuer}/v1/assets`);
  assert.equal((await openid.fetchProtectedResource(config, token.access_token, url, 'GET')).status, 200);
  assert.equal((await openid.tokenIntrospection(config, token.access_token)).active, true);
  await openid.tokenRevocation(config, token.access_token);
  assert.equal((await openid.tokenIntrospection(config, token.access_token)).active, false);
});

await check('openid-client proves its calls with a key', async () => {
  const options = { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] };
  const config = await openid.discovery(new URL(issuer), clientId, clientSecret, undefined, options);
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
  const token = await openid.clientCredentialsGrant(config, { scope: 'assets:read' }, { DPoP });
  assert.equal(token.token_type, 'dpop');
  const url = new URL(`${issuer}/v1/assets`);
  const call = () => openid.fetchProtectedResource(config, token.access_token, url, 'GET', undefined, undefined, { DPoP });
  assert.equal((await call()).status, 200);
  assert.equal((await call()).status, 200);
});

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
