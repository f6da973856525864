import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startPushServer, type PushServer } from '../../../src/adapters/http/push-server.ts';
import type { PushHead } from '../../../src/ports/push.ts';

const MIB = 1024 * 1024;

let server: PushServer | undefined;
afterEach(async () => server?.close());

/** A server that notes what it was asked. */
async function start() {
  server = await startPushServer('127.0.0.1:0');
  const heads: PushHead[] = [];
  const bodies: (string | undefined)[] = [];
  const end = server.endpoint.handle((head) => {
    heads.push(head);
    if (head.path === '/unknown') return { status: 404 };
    return async (body) => {
      bodies.push(body && Buffer.from(body).toString());
      if (body === undefined) return { status: 413 };
      return { status: 400, message: 'not understood', retryAfterS: 7 };
    };
  });
  return { url: server.url, heads, bodies, end };
}

/** Sends raw bytes. @returns the socket and all that comes back, once the server has closed it */
function raw(url: string, text: string): { socket: Socket; answer: Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(text);
  const answer = once(socket, 'close').then(() => Buffer.concat(chunks).toString());
  return { socket, answer };
}

describe('the endpoint for pushes', () => {
  it('hands on path, headers and sender, then the body, and sends the answer', async () => {
    const { url, heads, bodies } = await start();
    const response = await fetch(`${url}/hook/a?b=c`, {
      method: 'POST',
      headers: { 'X-Signature': 'sha256=00' },
      body: '{"a":1}',
    });
    expect([response.status, await response.text()]).toEqual([400, 'not understood\n']);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(heads).toMatchObject([
      { path: '/hook/a', source: '127.0.0.1', headers: { 'x-signature': 'sha256=00' } },
    ]);
    expect(bodies).toEqual(['{"a":1}']);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])(
    'answers %s as if nothing were there, whatever the path',
    async (method) => {
      const { url, heads } = await start();
      for (const path of ['/', '/hook/a', '/unknown', '/metrics']) {
        const response = await fetch(url + path, { method });
        expect([response.status, await response.text()]).toEqual([404, '']);
      }
      expect(heads).toEqual([]);
    },
  );

  it('answers with nothing to read where there is no message', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/unknown`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect([response.status, await response.text()]).toEqual([404, '']);
    expect(response.headers.get('content-type')).toBeNull();
  });

  it('takes a body of a megabyte, and none that is larger', async () => {
    const { url, bodies } = await start();
    const post = (size: number) =>
      fetch(`${url}/hook/a`, { method: 'POST', body: 'x'.repeat(size) });
    expect((await post(MIB)).status).toBe(400);
    const { answer } = raw(
      url,
      `POST /hook/a HTTP/1.1\r\nHost: x\r\nContent-Length: ${MIB + 1}\r\n\r\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(bodies.map((body) => body?.length)).toEqual([MIB, undefined]);
  });

  it('stops reading a body of unknown length when it is too large', async () => {
    const { url, bodies } = await start();
    const head = 'POST /hook/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    const { socket, answer } = raw(url, head);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 40 && !socket.destroyed; sent += 1) socket.write(chunk);
    await answer;
    expect(bodies).toEqual([undefined]);
  });

  it('bears a sender that goes away', async () => {
    const { url, heads, bodies } = await start();
    const { socket } = raw(url, 'POST /hook/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx');
    while (heads.length === 0) await new Promise((done) => setTimeout(done, 5));
    socket.destroy();
    await once(socket, 'close');
    expect((await fetch(`${url}/hook/a`, { method: 'POST', body: 'y' })).status).toBe(400);
    expect(bodies).toEqual(['y']);
  });

  it('asks senders to come back while nobody handles requests', async () => {
    const { url, end } = await start();
    end();
    const response = await fetch(`${url}/hook/a`, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });

  it('bounds the bodies that it holds at a time', async () => {
    const { url, heads } = await start();
    const head = 'POST /hook/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx';
    const slow = Array.from({ length: 64 }, () => raw(url, head));
    while (heads.length < 64) await new Promise((done) => setTimeout(done, 5));
    expect((await fetch(`${url}/hook/a`, { method: 'POST', body: 'y' })).status).toBe(503);
    for (const { socket } of slow) socket.destroy();
    await Promise.all(slow.map(({ answer }) => answer));
    await expect
      .poll(async () => (await fetch(`${url}/hook/a`, { method: 'POST', body: 'y' })).status)
      .toBe(400);
  });

  it('answers 503 when its handler fails, and lives on', async () => {
    server = await startPushServer('127.0.0.1:0');
    server.endpoint.handle(() => {
      throw new Error('no');
    });
    const post = async () => (await fetch(server!.url, { method: 'POST', body: '{}' })).status;
    expect([await post(), await post()]).toEqual([503, 503]);
  });
});
