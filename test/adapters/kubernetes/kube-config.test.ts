import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectCluster } from '../../../src/adapters/kubernetes/connect-cluster.ts';
import { observations, QUICK } from '../../support/kubernetes/recording.ts';

const NEVER = new AbortController().signal;

describe('where the cluster is and who we are', () => {
  let folder: string;
  const endings: (() => Promise<void> | void)[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lockkeeper-kubeconfig-'));
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', folder);
  });
  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
    rmSync(folder, { recursive: true });
  });

  function write(name: string, server: string, user: object = {}): string {
    const file = join(folder, name);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'one',
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  function connect(options: { kubeconfig?: string; context?: string }) {
    const observer = observations();
    const cluster = connectCluster({ observer, random: () => 0.5, timing: QUICK, ...options });
    endings.push(() => cluster.close());
    return cluster;
  }

  test('without any configuration it says what to set', () => {
    expect(() => connect({})).toThrow(
      expect.objectContaining({
        code: 'cluster/invalid',
        message: expect.stringContaining('set KUBECONFIG') as string,
      }),
    );
  });

  test('KUBECONFIG names the file', () => {
    vi.stubEnv('KUBECONFIG', write('named', 'https://api.example.com:6443/'));
    expect(connect({}).server).toBe('https://api.example.com:6443');
  });

  test.each([
    ['a file that is not there', undefined, 'cannot be read'],
    ['a file that is no YAML', '{', 'cannot be read'],
  ])('%s is named', (_, content, message) => {
    const kubeconfig = join(folder, 'given');
    if (content !== undefined) writeFileSync(kubeconfig, content);
    expect(() => connect({ kubeconfig })).toThrow(
      expect.objectContaining({
        code: 'cluster/invalid',
        message: expect.stringMatching(`${kubeconfig} ${message}`) as string,
      }),
    );
  });

  test('a context that is not there is answered with those that are', () => {
    const kubeconfig = write('given', 'https://api.example.com');
    expect(() => connect({ kubeconfig, context: 'two' })).toThrow(
      'has no context "two" with a cluster and a user; it has: one',
    );
  });

  test.each([
    ['a token', { token: 's3cret' }, 'Bearer s3cret'],
    ['name and password', { username: 'ana', password: 'pw' }, 'Basic YW5hOnB3'],
    [
      'a program',
      {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: process.execPath,
          args: [
            '-e',
            'console.log(JSON.stringify({apiVersion:"client.authentication.k8s.io/v1",kind:"ExecCredential",status:{token:"from-program"}}))',
          ],
        },
      },
      'Bearer from-program',
    ],
  ])(
    'credentials by %s reach the server, on connections that are used again',
    async (_, user, authorization) => {
      const seen: IncomingHttpHeaders[] = [];
      let connections = 0;
      const server = createServer((request, response) => {
        seen.push(request.headers);
        response.end(JSON.stringify({ metadata: { name: 'x', uid: '1', resourceVersion: '1' } }));
      }).on('connection', () => (connections += 1));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      endings.push(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const cluster = connect({ kubeconfig: write('given', `http://127.0.0.1:${port}`, user) });
      for (let times = 0; times < 10; times += 1) await cluster.namespaceLabels('x', NEVER);
      expect(seen.map((headers) => headers.authorization)).toEqual(Array(10).fill(authorization));
      // Now and then the next request comes before the last connection is free.
      expect(connections).toBeLessThanOrEqual(3);
    },
  );

  test('credentials that cannot be had are a failure that can be tried again', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: join(folder, 'no-such-program'),
    };
    const cluster = connect({ kubeconfig: write('given', 'http://127.0.0.1:1', { exec }) });
    await expect(cluster.namespaceLabels('x', NEVER)).rejects.toMatchObject({
      code: 'cluster/invalid',
      retry: true,
      message: expect.stringContaining('no credentials for the API server') as string,
    });
  });

  test('a server that does not answer is given up when the time is up', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endings.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const cluster = connectCluster({
      kubeconfig: write('given', `http://127.0.0.1:${port}`),
      observer: observations(),
      random: () => 0.5,
      timing: { ...QUICK, requestMs: 200 },
    });
    endings.push(() => cluster.close());
    await expect(cluster.namespaceLabels('x', NEVER)).rejects.toMatchObject({
      code: 'cluster/unreachable',
      retry: true,
      message: `cannot reach the API server http://127.0.0.1:${port}: it did not answer within 200 ms`,
    });
  });
});
