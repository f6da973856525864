import { describe, expect, it, onTestFinished } from 'vitest';
import {
  BASIC,
  LOGIN,
  TAGS,
  bearerRegistry,
  challenge,
  dockerConfig,
  isToken,
  numberedToken,
} from '../../support/registry/authorization.ts';
import { loopbackClient } from '../../support/registry/client.ts';
import { startLoopback } from '../../support/registry/loopback.ts';

describe('Bearer authorization', () => {
  it('fetches a token without credentials for a public repository', async () => {
    const { listTags, server } = await loopbackClient(bearerRegistry(numberedToken));
    await expect(listTags()).resolves.toEqual(['1.0']);
    const tokens = server.requests.filter(isToken);
    expect(tokens.map(({ url }) => url)).toEqual([
      '/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull',
    ]);
    expect(tokens[0]?.headers.authorization).toBeUndefined();
  });

  it('gives the login to the token service and the token to the registry', async () => {
    const { listTags, server } = await loopbackClient(bearerRegistry(numberedToken));
    await listTags({ basic: LOGIN });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      BASIC,
      'Bearer t1',
    ]);
  });

  it.each([
    { name: 'token', body: { token: 't1' } },
    { name: 'access_token', body: { access_token: 't1' } },
    { name: 'both, one empty', body: { token: '', access_token: 't1' } },
    { name: 'a life that is no number', body: { token: 't1', expires_in: 'soon' } },
  ])('takes a token answer with $name', async ({ body }) => {
    const { listTags } = await loopbackClient(bearerRegistry(() => ({ body })));
    await expect(listTags()).resolves.toEqual(['1.0']);
  });

  it('asks for pull on the repository where the challenge names no scope', async () => {
    const { listTags, server } = await loopbackClient(
      bearerRegistry(numberedToken, (realm) => `Bearer realm="${realm}"`),
    );
    await listTags();
    const asked = server.requests.find(isToken);
    expect(asked?.url).toBe('/token?scope=repository%3Ateam%2Fapp%3Apull');
  });

  it('keeps the tokens of two repositories apart where the challenge names no scope', async () => {
    const { registry, server } = await loopbackClient((request) => {
      const { host = '', authorization } = request.headers;
      const path = /^\/v2\/(.+)\/tags/.exec(request.url)?.[1];
      if (path === undefined) {
        const scope = new URL(request.url, 'http://x').searchParams.get('scope');
        return { body: { token: scope?.split(':')[1] } };
      }
      if (authorization === `Bearer ${path}`) return TAGS;
      if (authorization !== undefined) return { status: 403 };
      return challenge(`Bearer realm="http://${host}/token"`);
    });
    const signal = new AbortController().signal;
    for (const path of ['a', 'b', 'a', 'b']) {
      const repository = { registry: server.host, path };
      const tags = registry.listTags(repository, { insecure: true, timeoutMs: 5000 }, signal);
      await expect(tags).resolves.toMatchObject({ tags: ['1.0'] });
    }
    expect(server.requests.filter(isToken)).toHaveLength(2);
  });

  it('keeps the query of the realm', async () => {
    const { listTags, server } = await loopbackClient(
      bearerRegistry(numberedToken, (realm) => `Bearer realm="${realm}?account=x",service="reg"`),
    );
    await listTags();
    expect(server.requests.find(isToken)?.url).toContain('/token?account=x&service=reg&');
  });

  it.each([
    { name: 'one header', value: (bearer: string) => `Basic realm="x", ${bearer}` },
    { name: 'several headers', value: (bearer: string) => ['Basic realm="x"', bearer] },
  ])('is found among several challenges in $name', async ({ value }) => {
    const { listTags, server } = await loopbackClient((request) => {
      if (isToken(request)) return { body: { token: 't1' } };
      if (request.headers.authorization === 'Bearer t1') return TAGS;
      return challenge(value(`Bearer realm="http://${request.headers.host ?? ''}/token"`));
    });
    await expect(listTags({ basic: LOGIN })).resolves.toEqual(['1.0']);
    expect(server.requests.filter(isToken)).toHaveLength(1);
  });

  it('keeps a token for its life and gets a new one after it', async () => {
    const life = 300;
    const { listTags, clock, server } = await loopbackClient(
      bearerRegistry((_request, count) => ({ body: { token: `t${count}`, expires_in: life } })),
    );
    const tokens = () => server.requests.filter(isToken).length;
    await listTags();
    await listTags();
    expect(tokens()).toBe(1);
    expect(server.requests).toHaveLength(4); // 401, token, tags; then tags alone
    await clock.sleep(life * 1000, new AbortController().signal);
    await listTags();
    expect(tokens()).toBe(2);
  });

  it('takes a minute for the life of a token that names none', async () => {
    const { listTags, clock, server } = await loopbackClient(bearerRegistry(numberedToken));
    await listTags();
    await clock.sleep(50_000, new AbortController().signal);
    await listTags();
    expect(server.requests.filter(isToken)).toHaveLength(1);
    await clock.sleep(10_000, new AbortController().signal);
    await listTags();
    expect(server.requests.filter(isToken)).toHaveLength(2);
  });

  it('keeps tokens of different logins apart', async () => {
    const { listTags, server } = await loopbackClient(bearerRegistry(numberedToken));
    await listTags({ basic: LOGIN });
    await listTags({ basic: { username: 'other', password: 'pw' } });
    const logins = server.requests.filter(isToken).map(({ headers }) => headers.authorization);
    expect(new Set(logins).size).toBe(2);
  });

  it('replaces a kept token that the registry takes no more', async () => {
    let revoked = false;
    const { listTags, server } = await loopbackClient((request) => {
      if (isToken(request)) return { body: { token: revoked ? 'new' : 'old', expires_in: 3600 } };
      const good = `Bearer ${revoked ? 'new' : 'old'}`;
      if (request.headers.authorization === good) return TAGS;
      return challenge(`Bearer realm="http://${request.headers.host ?? ''}/token"`);
    });
    await listTags();
    revoked = true;
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(server.requests.filter(isToken)).toHaveLength(2);
  });

  it('is fetched once for calls that need it at the same time', async () => {
    const { listTags, digest, server } = await loopbackClient(bearerRegistry(numberedToken));
    await Promise.all([listTags(), listTags(), listTags(), digest('1.0').catch(() => undefined)]);
    expect(server.requests.filter(isToken)).toHaveLength(1);
  });

  it('follows a registry that moves to another token service', async () => {
    let service = '/token?old';
    const { listTags, clock, server } = await loopbackClient((request) => {
      if (request.url.startsWith(service)) return { body: { token: 't1', expires_in: 60 } };
      if (isToken(request)) return { status: 410 };
      if (request.headers.authorization !== undefined) return TAGS;
      return challenge(`Bearer realm="http://${request.headers.host ?? ''}${service}"`);
    });
    await listTags();
    service = '/token?new';
    await clock.sleep(60_000, new AbortController().signal);
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/bad-response' });
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(server.requests.at(-2)?.url).toContain('/token?new');
  });

  it('answers a second challenge for another scope', async () => {
    const { listTags, server } = await loopbackClient((request) => {
      const scope = new URL(request.url, 'http://x').searchParams.get('scope');
      if (isToken(request)) return { body: { token: scope === 'second' ? 't2' : 't1' } };
      if (request.headers.authorization === 'Bearer t2') return TAGS;
      const wanted = request.headers.authorization === undefined ? 'first' : 'second';
      const realm = `http://${request.headers.host ?? ''}/token`;
      return challenge(`Bearer realm="${realm}",scope="${wanted}"`);
    });
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(server.requests.filter(isToken)).toHaveLength(2);
  });

  it('gives up where a fresh token is refused', async () => {
    const { listTags, server } = await loopbackClient((request) =>
      isToken(request)
        ? { body: { token: 'planted-token' } }
        : challenge(`Bearer realm="http://${request.headers.host ?? ''}/token"`),
    );
    const error: unknown = await listTags({ basic: LOGIN }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'registry/unauthorized', retry: false });
    expect(server.requests).toHaveLength(3);
  });

  it('gives up where every token leads to another challenge', async () => {
    let count = 0;
    const { listTags, server } = await loopbackClient((request) =>
      isToken(request)
        ? { body: { token: 't' } }
        : challenge(
            `Bearer realm="http://${request.headers.host ?? ''}/token",scope="s${++count}"`,
          ),
    );
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/unauthorized' });
    expect(server.requests.length).toBeLessThan(10);
  });

  it.each([401, 403])(
    'fails where the token service says %i, and never goes on anonymously',
    async (status) => {
      const { listTags, server } = await loopbackClient((request) => {
        if (!isToken(request))
          return challenge(`Bearer realm="http://${request.headers.host ?? ''}/token"`);
        const { authorization } = request.headers;
        const body = { details: `incorrect username or password: ${authorization ?? ''}` };
        return authorization === undefined ? { body: { token: 'public' } } : { status, body };
      });
      const error: unknown = await listTags({ basic: LOGIN }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'registry/unauthorized' });
      expect(String(error)).toContain('incorrect username or password');
      expect(server.requests.filter(isToken)).toHaveLength(1);
    },
  );

  it.each([
    { name: 'HTML', answer: { body: '<html>' } },
    { name: 'no token', answer: { body: { expires_in: 5 } } },
    { name: 'a token with a line break', answer: { body: { token: 'a\r\nx: y' } } },
  ])('fails where the token service answers with $name', async ({ answer }) => {
    const { listTags } = await loopbackClient(bearerRegistry(() => answer));
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/bad-response',
      message: expect.stringContaining('gave no token') as string,
    });
  });

  it.each([
    { name: 'a link-local address', realm: 'http://169.254.169.254/token' },
    { name: 'a private address', realm: 'https://10.0.0.1/token' },
    { name: 'another protocol', realm: 'ftp://auth.example/token' },
  ])('sends nothing to a realm of $name', async ({ realm }) => {
    const { listTags, server } = await loopbackClient(() => challenge(`Bearer realm="${realm}"`));
    await expect(listTags({ basic: LOGIN })).rejects.toMatchObject({
      code: 'registry/bad-response',
      message: expect.stringContaining('wants credentials sent to') as string,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('takes a token service on another port', async () => {
    const service = await startLoopback(() => ({ body: { token: 't1' } }));
    onTestFinished(() => service.close());
    const { listTags } = await loopbackClient(({ headers }) =>
      headers.authorization === 'Bearer t1'
        ? TAGS
        : challenge(`Bearer realm="${service.url}/token",service="reg"`),
    );
    await expect(listTags({ basic: LOGIN })).resolves.toEqual(['1.0']);
    expect(service.requests[0]?.headers.authorization).toBe(BASIC);
  });

  it('has no part in a token that the user gave for the registry itself', async () => {
    const { listTags, server } = await loopbackClient(({ headers }) =>
      headers.authorization === 'Bearer given' ? TAGS : challenge('Bearer realm="http://x/token"'),
    );
    const given = (registrytoken: string) => dockerConfig(server.host, { registrytoken });
    await expect(listTags(given('given'))).resolves.toEqual(['1.0']);
    expect(server.requests).toHaveLength(1);
    await expect(listTags(given('other'))).rejects.toMatchObject({ code: 'registry/unauthorized' });
  });
});
