import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GitAccess } from '../../../src/ports/ports.ts';
import { scratch } from '../../support/git/repo.ts';
import { hasTool } from '../../support/git/tools.ts';
import { makeCertificate } from '../../support/registry/certificate.ts';
import { commitAndPush, NEVER, startFixture, type Fixture } from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend') && hasTool('openssl');

/** Modes in octal of the files with secrets. */
function modesOfSecrets(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes('/secrets/'))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mode & 0o777)
    .map((mode) => mode.toString(8));
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'a Git server that wants client certificates, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    beforeAll(async () => {
      fixture = await startFixture(engine, {
        wantsClientCertificate: 'tls',
        basic: { username: 'bot', password: 'hunter2' },
      });
      fixture.remote.commit({ 'a.yaml': '1\n' });
    });
    afterAll(() => fixture.close());
    afterEach(() => fixture.server.inject(undefined));

    const access = (more: Partial<GitAccess> = {}): Partial<GitAccess> => ({
      ca: fixture.server.ca ?? '',
      basic: { username: 'bot', password: 'hunter2' },
      ...more,
    });
    const own = () => ({ clientCertificate: fixture.server.clientCertificate ?? missing() });

    it('lets in who shows its own, besides the login', async () => {
      const branch = await fixture.open(access(own()));
      const { result } = await commitAndPush(branch, { 'a.yaml': `${engine}\n` });
      expect(result.kind).toBe('pushed');
    });

    it('serves nobody who shows none', async () => {
      const before = fixture.server.log.length;
      const branch = await fixture.open(access());
      // Node hangs up right after its alert, which curl then may not see: "failures.test.ts" has its words.
      const says =
        engine === 'native'
          ? /config\.git/
          : /config\.git wants a client certificate that it trusts; give tls\.crt and tls\.key by certSecretRef \(.+\)$/;
      await expect(branch.head(NEVER)).rejects.toThrow(says);
      expect(fixture.server.log.length).toBe(before);
    });

    it('is not asked with a key that belongs to another certificate', async () => {
      const area = scratch();
      const { key } = makeCertificate(area.path);
      const { certificate } = own().clientCertificate;
      const before = fixture.server.log.length;
      const opening = fixture.open(access({ clientCertificate: { certificate, key } }));
      await expect(opening).rejects.toMatchObject({
        code: 'secret/invalid',
        message: expect.stringContaining('are no pair of PEM files') as string,
      });
      expect(fixture.server.log.length).toBe(before);
      area.remove();
    });

    it.each(['no certificate', 'that of a stranger'])(
      'is told from a failing one where it answers as nginx does, by HTTP 400, to %s',
      async (shown) => {
        const polite = await startFixture(engine, { wantsClientCertificate: 'http' });
        polite.remote.commit({ 'a.yaml': '1\n' });
        const { cert, key } = makeCertificate(polite.folder);
        const stranger = { clientCertificate: { certificate: cert, key } };
        const ca = polite.server.ca ?? '';
        const refused = await polite.open({ ca, ...(shown === 'no certificate' ? {} : stranger) });
        await expect(refused.head(NEVER)).rejects.toMatchObject({
          code: 'git/unauthorized',
          message: expect.stringMatching(/if it wants a client certificate, give tls/) as string,
        });
        const { clientCertificate = missing() } = polite.server;
        const taken = await polite.open({ ca, clientCertificate });
        await expect(taken.head(NEVER)).resolves.toBe(polite.remote.head());
        await polite.close();
      },
    );
  },
);

describe.skipIf(!canRun)('a client certificate of the native engine', () => {
  it('is on disk for this user alone, and gone with its branch', async () => {
    const fixture = await startFixture('native', { wantsClientCertificate: 'tls' });
    fixture.remote.commit({ 'a.yaml': '1\n' });
    const { ca = '', clientCertificate = missing() } = fixture.server;
    const branch = await fixture.open({ ca, clientCertificate });
    await branch.head(NEVER);
    expect(modesOfSecrets(fixture.storeRoot)).toEqual(['600', '600', '600']);
    const other = await fixture.open({ ca, clientCertificate });
    await other.head(NEVER);
    expect(modesOfSecrets(fixture.storeRoot)).toHaveLength(6);
    await branch.close();
    // The store stays open for the other.
    expect(modesOfSecrets(fixture.storeRoot)).toHaveLength(3);
    await expect(other.head(NEVER)).resolves.toBe(fixture.remote.head());
    await other.close();
    expect(modesOfSecrets(fixture.storeRoot)).toEqual([]);
    await fixture.close();
  });
});

function missing(): never {
  throw new Error('the server has no client certificate');
}
