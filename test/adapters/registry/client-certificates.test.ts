import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ClientCertificate } from '../../../src/domain/access.ts';
import type { RegistryAccess } from '../../../src/ports/registry.ts';
import { skipWithout } from '../../support/registry/availability.ts';
import { makeCertificate, type TestCertificate } from '../../support/registry/certificate.ts';
import { clientOf } from '../../support/registry/client.ts';
import { startLoopback } from '../../support/registry/loopback.ts';
import { type RunningRegistry, startRegistry } from '../../support/registry/start-registry.ts';

describe.skipIf(skipWithout('distribution', 'openssl'))(
  'a real registry that wants client certificates',
  () => {
    let server: RunningRegistry;
    let folder: string;
    let stranger: TestCertificate;
    const missing: ClientCertificate = { certificate: '', key: '' };

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'lockkeeper-mtls-'));
      stranger = makeCertificate(folder, { file: 'stranger' });
      server = await startRegistry({ kind: 'distribution', tls: true, clientCertificate: true });
      await server.pushTags('team/app', ['1.0', '2.0']);
    }, 60_000);

    afterAll(async () => {
      await server.stop();
      rmSync(folder, { recursive: true });
    });

    const access = (clientCertificate: ClientCertificate | undefined): Partial<RegistryAccess> => ({
      insecure: false,
      ...(server.ca === undefined ? {} : { ca: server.ca }),
      ...(clientCertificate === undefined ? {} : { clientCertificate }),
    });
    const own = () => server.clientCertificate ?? missing;

    it('gives its tags to who shows one', async () => {
      const { listTags, digest } = clientOf(server.host);
      await expect(listTags(access(own()))).resolves.toEqual(['1.0', '2.0']);
      await expect(digest('1.0', access(own()))).resolves.toMatch(/^sha256:/);
    });

    it.each([
      { name: 'none', shown: () => undefined },
      {
        name: 'a stranger’s',
        shown: () => ({ certificate: stranger.cert, key: stranger.key }),
      },
    ])('refuses $name, which the error says, with the mend', async ({ shown }) => {
      const { listTags } = clientOf(server.host);

      await expect(listTags(access(shown()))).rejects.toMatchObject({
        code: 'registry/unreachable',
        message: `${server.host}/team/app: cannot reach ${server.host}: it wants a client certificate that it trusts; give tls.crt and tls.key by certSecretRef`,
      });
    });

    it.each([
      { name: 'another key', pair: () => ({ certificate: own().certificate, key: stranger.key }) },
      { name: 'no PEM', pair: () => ({ certificate: 'planted-secret', key: 'planted-secret' }) },
      { name: 'an empty key', pair: () => ({ certificate: own().certificate, key: '' }) },
    ])('is not asked with $name', async ({ pair }) => {
      const { listTags } = clientOf(server.host);
      const error: unknown = await listTags(access(pair())).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'secret/invalid',
        message: expect.stringContaining('are no pair of PEM files') as string,
      });
      expect(String(error)).not.toMatch(/planted-secret|BEGIN/);
    });
  },
);

describe.skipIf(skipWithout('openssl'))('a client certificate', () => {
  it('is not shown where the registry redirects to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-mtls-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [server, client] = ['server', 'client'].map((file) => makeCertificate(folder, { file }));
    if (server === undefined || client === undefined) throw new Error('no certificates');
    const shown: string[] = [];
    const start = (name: string, location?: () => string) =>
      startLoopback(
        ({ socket }) => {
          shown.push(`${name}: ${hasClientCertificate(socket) ? 'certificate' : 'none'}`);
          return location === undefined
            ? { body: { tags: ['1.0'] } }
            : { status: 307, headers: { location: location() } };
        },
        { ...server, requestCert: true, rejectUnauthorized: false },
      );
    const elsewhere = await start('elsewhere');
    const registry = await start('registry', () => `${elsewhere.url}/list`);
    onTestFinished(async () => {
      await Promise.all([elsewhere.close(), registry.close()]);
    });
    const { listTags } = clientOf(registry.host);
    const clientCertificate = { certificate: client.cert, key: client.key };
    const tags = await listTags({ insecure: false, ca: server.cert, clientCertificate });
    expect(tags).toEqual(['1.0']);
    expect(shown).toEqual(['registry: certificate', 'elsewhere: none']);
  });
});

function hasClientCertificate(socket: object): boolean {
  const { getPeerCertificate } = socket as { getPeerCertificate?: () => object };
  return Object.keys(getPeerCertificate?.call(socket) ?? {}).length > 0;
}
