// A `regrant dev` of its own: the API, the worker and the simulated Meta, with one clock.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export class Rehearsal {
  // Starts it, lets pages of a free port call, and returns what a story needs to know of it.
  async start(binary) {
    this.data = await mkdtemp(path.join(tmpdir(), 'regrant-browser-'));
    this.process = spawn(binary, ['dev', '--json', '--port', '0', '--data', this.data], { stdio: ['ignore', 'pipe', 'inherit'] });
    // A story that ends early leaves no server.
    process.once('exit', () => this.process.kill('SIGKILL'));
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1));
    const ready = JSON.parse(await firstLine(this.process.stdout));
    const [tenant] = ready.tenants;
    const port = await freePort();
    const origins = [`http://localhost:${port}`];
    const { access_token: token } = await send(`${ready.admin_url}/admin/v1/session`, 'POST', ready.operator);
    await send(`${ready.admin_url}/admin/v1/tenants/${tenant.id}`, 'PATCH', { cors_origins: origins }, token);
    return {
      api: ready.public_url,
      sandbox: ready.sandbox_url,
      admin: ready.admin_url,
      client_id: tenant.client_id,
      client_secret: tenant.client_secret,
      app: tenant.app_id,
      host_port: port,
    };
  }

  async stop() {
    const ended = new Promise((resolve) => { this.process.once('exit', resolve); });
    this.process.kill('SIGTERM');
    await ended;
    await rm(this.data, { recursive: true, force: true });
  }
}

async function send(url, method, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function firstLine(stream) {
  let text = '';
  for await (const part of stream) {
    text += part;
    if (text.includes('\n')) return text.split('\n')[0];
  }
  throw new Error(`it ended: ${text}`);
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
