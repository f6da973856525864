import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Repository } from '../../../src/domain/image-reference.ts';
import type { RegistryAccess } from '../../../src/ports/registry.ts';
import { skipWithout } from '../../support/registry/availability.ts';
import { clientOf, plainAccess } from '../../support/registry/client.ts';
import { startLoopback } from '../../support/registry/loopback.ts';
import {
  type RegistryOptions,
  type RunningRegistry,
  startRegistry,
} from '../../support/registry/start-registry.ts';

const TAGS = Array.from({ length: 2_500 }, (_, index) => `1.0.${index}`);
const PAGE_CAP = 100;
const never = new AbortController().signal;

/** Starts a registry for one test. */
async function start(options: RegistryOptions): Promise<RunningRegistry> {
  const registry = await startRegistry(options);
  onTestFinished(() => registry.stop());
  return registry;
}

describe.each(['distribution', 'docker-registry'] as const)('a real %s', (kind) => {
  describe.skipIf(skipWithout(kind, 'openssl'))('with TLS, a login and 2,500 tags', () => {
    let server: RunningRegistry;
    let digests: ReadonlyMap<string, string>;

    beforeAll(async () => {
      server = await startRegistry({ kind, tls: true, auth: 'htpasswd', pageCap: PAGE_CAP });
      digests = await server.pushTags('team/app', TAGS);
    }, 120_000);

    afterAll(() => server.stop());

    const access = (more: Partial<RegistryAccess> = {}): Partial<RegistryAccess> => ({
      insecure: false,
      ...(server.ca === undefined ? {} : { ca: server.ca }),
      basic: { username: server.username, password: server.password },
      ...more,
    });

    it('gives all of its tags', async () => {
      const statuses: unknown[] = [];
      const { listTags } = clientOf(server.host, {
        onEvent: (event) => event.kind === 'request' && statuses.push(event.status),
      });
      const tags = await listTags(access());
      expect(tags.toSorted()).toEqual(TAGS.toSorted());
      // Its last page is full too and has a link, so that one more page follows, an empty one.
      const pages = kind === 'distribution' ? TAGS.length / PAGE_CAP + 1 : 1;
      expect(statuses).toEqual([401, ...Array.from({ length: pages }, () => 200)]);
    });

    it('gives the digest of a tag, and none for a tag or a repository that is not there', async () => {
      const { digest, registry } = clientOf(server.host);
      await expect(digest('1.0.7', access())).resolves.toBe(digests.get('1.0.7'));
      await expect(digest('9.9.9', access())).resolves.toBeUndefined();
      const other: Repository = { registry: server.host, path: 'no/such' };
      const digestOfOther = registry.digest(other, '1.0', plainAccess(access()), never);
      await expect(digestOfOther).resolves.toBeUndefined();
    });

    it('has no list of a repository that is not there', async () => {
      const { registry } = clientOf(server.host);
      const other: Repository = { registry: server.host, path: 'no/such' };
      await expect(registry.listTags(other, plainAccess(access()), never)).rejects.toMatchObject({
        code: 'registry/not-found',
        message: expect.stringContaining('NAME_UNKNOWN') as string,
      });
    });

    it.each([
      { name: 'a wrong password', basic: { username: 'lockkeeper', password: 'planted-wrong' } },
      { name: 'no such user', basic: { username: 'nobody', password: 'planted-wrong' } },
    ])('refuses $name', async ({ basic }) => {
      const { listTags } = clientOf(server.host);
      const error: unknown = await listTags(access({ basic })).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'registry/unauthorized' });
      expect(String(error)).toMatch(/check the credentials.*UNAUTHORIZED/);
      expect(String(error)).not.toContain('planted-wrong');
    });

    it('takes the login from a Docker config.json', async () => {
      const { listTags } = clientOf(server.host);
      const auth = Buffer.from(`${server.username}:${server.password}`).toString('base64');
      const json = JSON.stringify({ auths: { [`https://${server.host}`]: { auth } } });
      const dockerConfigs = [{ json, source: 'Secret apps/login' }];
      const { basic: _none, ...withoutLogin } = access();
      await expect(listTags({ ...withoutLogin, dockerConfigs })).resolves.toHaveLength(TAGS.length);
    });

    it('is not trusted without its CA', async () => {
      const { listTags } = clientOf(server.host);
      const { ca: _none, ...withoutCa } = access();
      await expect(listTags(withoutCa)).rejects.toMatchObject({
        code: 'registry/unreachable',
        message: expect.stringContaining('not trusted') as string,
      });
    });

    it('does not answer by plain HTTP', async () => {
      const { listTags } = clientOf(server.host);
      await expect(listTags(access({ insecure: true }))).rejects.toMatchObject({
        code: 'registry/bad-response',
        message: expect.stringContaining('leave out `insecure`') as string,
      });
    });
  });
});

describe.skipIf(skipWithout('distribution'))('a real distribution', () => {
  it('by plain HTTP is asked only where the user allows that', async () => {
    const server = await start({ kind: 'distribution' });
    await server.pushTags('team/app', ['1.0', '2.0']);
    const { listTags } = clientOf(server.host);
    await expect(listTags()).resolves.toEqual(['1.0', '2.0']);
    await expect(listTags({ insecure: false })).rejects.toMatchObject({
      code: 'registry/unreachable',
      message: expect.stringContaining('insecure: true') as string,
    });
  });

  it('killed between two pages gives an error and no list', async () => {
    const server = await start({ kind: 'distribution', pageCap: 10 });
    await server.pushTags('team/app', TAGS.slice(0, 50));
    let pages = 0;
    // Looks on between client and registry, and kills the registry's process once two pages went by.
    const { host } = await observed(server, async () => {
      pages += 1;
      if (pages === 2) await server.kill();
    });
    const { listTags } = clientOf(host);
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/incomplete',
      message: expect.stringContaining('broke off between pages') as string,
    });
    expect(pages).toBe(2);
  });
});

describe.skipIf(skipWithout('distribution', 'openssl'))('a real token service', () => {
  it('is asked once for a token that is good for all pages', async () => {
    const server = await start({ kind: 'distribution', auth: 'token', pageCap: 10 });
    const { listTags } = clientOf(server.host);
    const access = {
      insecure: false,
      ...(server.ca === undefined ? {} : { ca: server.ca }),
      basic: { username: server.username, password: server.password },
    };
    await server.pushTags('team/app', TAGS.slice(0, 25));
    await expect(listTags(access)).resolves.toHaveLength(25);
    expect(server.tokenScopes).toEqual(['repository:team/app:pull']);
    const wrong = { username: server.username, password: 'planted-wrong' };
    await expect(listTags({ ...access, basic: wrong })).rejects.toMatchObject({
      code: 'registry/unauthorized',
    });
  });
});

/** A server that passes GETs on to a registry; `afterPage` is waited for once an answer is complete. */
async function observed(
  registry: RunningRegistry,
  afterPage: () => Promise<void>,
): Promise<{ readonly host: string }> {
  const proxy = await startLoopback(async ({ url }, response) => {
    const answer = await fetch(`${registry.url}${url}`).catch(() => undefined);
    if (answer === undefined) {
      response.destroy();
      return undefined;
    }
    const link = answer.headers.get('link');
    const body = await answer.text();
    await afterPage();
    return { status: answer.status, headers: link === null ? {} : { link }, body };
  });
  onTestFinished(() => proxy.close());
  return proxy;
}
