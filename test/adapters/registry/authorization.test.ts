import { describe, expect, it, onTestFinished } from 'vitest';
import type { RegistryAccess } from '../../../src/ports/registry.ts';
import { clientOf, loopbackClient } from '../../support/registry/client.ts';
import {
  type Answer,
  type Handler,
  type SeenRequest,
  startLoopback,
} from '../../support/registry/loopback.ts';

const LOGIN = { username: 'me', password: 'planted-password' };
const BASIC = `Basic ${Buffer.from('me:planted-password').toString('base64')}`;
const TAGS: Answer = { body: { tags: ['1.0'] } };

const dockerConfig = (host: string, entry: object): Partial<RegistryAccess> => ({
  dockerConfigs: [{ json: JSON.stringify({ auths: { [host]: entry } }), source: 'Secret a/b' }],
});

const challenge = (value: string | readonly string[]): Answer => ({
  status: 401,
  headers: { 'www-authenticate': value },
  body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
});

const isToken = ({ url }: SeenRequest) => url.startsWith('/token');

/** A registry with its token service on the same host, which takes the tokens it gave out last. */
function bearerRegistry(
  token: (request: SeenRequest, count: number) => Answer,
  ask = (realm: string) => `Bearer realm="${realm}",service="reg",scope="repository:team/app:pull"`,
): Handler {
  let count = 0;
  return (request) => {
    if (isToken(request)) return token(request, ++count);
    if (request.headers.authorization === `Bearer t${count}` && count > 0) return TAGS;
    return challenge(ask(`http://${request.headers.host ?? ''}/token`));
  };
}

const numberedToken = (_request: SeenRequest, count: number): Answer => ({
  body: { token: `t${count}` },
});

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

describe('an identity token', () => {
  const entry = { auth: Buffer.from('me:').toString('base64'), identitytoken: 'planted-refresh' };

  it('is exchanged by POST', async () => {
    const { listTags, server } = await loopbackClient(bearerRegistry(numberedToken));
    await expect(listTags(dockerConfig(server.host, entry))).resolves.toEqual(['1.0']);
    const [asked] = server.requests.filter(isToken);
    expect(asked).toMatchObject({ method: 'POST', url: '/token' });
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'lockkeeper',
      service: 'reg',
      scope: 'repository:team/app:pull',
      refresh_token: 'planted-refresh',
    });
  });

  it.each([404, 405])('is sent by GET where POST gives %i', async (status) => {
    const { listTags, server } = await loopbackClient(
      bearerRegistry(({ method }, count) =>
        method === 'POST' ? { status } : { body: { token: `t${count}` } },
      ),
    );
    await expect(listTags(dockerConfig(server.host, entry))).resolves.toEqual(['1.0']);
    const last = server.requests.filter(isToken).at(-1);
    const want = Buffer.from('me:planted-refresh').toString('base64');
    expect(last).toMatchObject({ method: 'GET', headers: { authorization: `Basic ${want}` } });
  });

  it('that is refused fails', async () => {
    const { listTags, server } = await loopbackClient(
      bearerRegistry(() => ({ status: 401, body: { error: 'invalid_grant' } })),
    );
    await expect(listTags(dockerConfig(server.host, entry))).rejects.toMatchObject({
      code: 'registry/unauthorized',
      message: expect.stringContaining('invalid_grant') as string,
    });
  });
});

describe('Basic authorization', () => {
  const basicRegistry =
    (ask: string): Handler =>
    ({ headers }) =>
      headers.authorization === BASIC ? TAGS : challenge(ask);

  it.each(['Basic realm="registry"', 'Bearer realm="Artifactory Realm"'])(
    'answers %s',
    async (ask) => {
      const { listTags, server } = await loopbackClient(basicRegistry(ask));
      await expect(listTags({ basic: LOGIN })).resolves.toEqual(['1.0']);
      await expect(listTags({ basic: LOGIN })).resolves.toEqual(['1.0']);
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        undefined,
        BASIC,
        BASIC, // the challenge is remembered
      ]);
    },
  );

  it.each([
    { name: 'a wrong password', access: { basic: { username: 'me', password: 'x' } }, requests: 2 },
    { name: 'no credentials', access: {}, requests: 1 },
  ])('fails with $name, after $requests requests', async ({ access, requests }) => {
    const { listTags, server } = await loopbackClient(basicRegistry('Basic realm="registry"'));
    await expect(listTags(access)).rejects.toMatchObject({ code: 'registry/unauthorized' });
    expect(server.requests).toHaveLength(requests);
  });

  it.each([undefined, 'Digest realm="x"'])('fails where the challenge is %s', async (ask) => {
    const { listTags } = await loopbackClient(() =>
      ask === undefined ? { status: 401 } : challenge(ask),
    );
    await expect(listTags({ basic: LOGIN })).rejects.toMatchObject({
      code: 'registry/unauthorized',
    });
  });
});

describe('a redirect', () => {
  const redirect = (location: string, status = 307): Answer => ({ status, headers: { location } });

  it.each([301, 302, 303, 307, 308])(
    'of status %i to another host loses the authorization',
    async (status) => {
      const other = await startLoopback(() => TAGS);
      onTestFinished(() => other.close());
      const { listTags, server } = await loopbackClient(({ headers }) =>
        headers.authorization === BASIC
          ? redirect(`${other.url}/elsewhere`, status)
          : challenge('Basic realm="x"'),
      );
      await expect(listTags({ basic: LOGIN })).resolves.toEqual(['1.0']);
      expect(server.requests[1]?.headers.authorization).toBe(BASIC);
      expect(other.requests).toHaveLength(1);
      expect(other.requests[0]?.headers.authorization).toBeUndefined();
    },
  );

  it('within the host keeps it', async () => {
    const { listTags, server } = await loopbackClient(({ url, headers }) => {
      if (headers.authorization !== BASIC) return challenge('Basic realm="x"');
      return url === '/moved' ? TAGS : redirect('/moved');
    });
    await expect(listTags({ basic: LOGIN })).resolves.toEqual(['1.0']);
    expect(server.requests.at(-1)).toMatchObject({ url: '/moved' });
  });

  it('to a host that asks for credentials gets none', async () => {
    const other = await startLoopback(() => challenge('Basic realm="phish"'));
    onTestFinished(() => other.close());
    const { listTags } = await loopbackClient(() => redirect(other.url));
    await expect(listTags({ basic: LOGIN })).rejects.toMatchObject({
      code: 'registry/unauthorized',
    });
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each([
    { name: 'for ever', answer: redirect('/v2/'), says: 'more than 5 redirects' },
    { name: 'nowhere', answer: { status: 302 }, says: 'redirects to nowhere' },
    { name: 'to rubbish', answer: redirect('http://['), says: 'redirects to nowhere' },
    { name: 'to a private address', answer: redirect('http://169.254.169.254/'), says: 'private' },
    { name: 'to a file', answer: redirect('file:///etc/passwd'), says: 'plain HTTP' },
  ])('$name is an error', async ({ answer, says }) => {
    const { listTags } = await loopbackClient(() => answer);
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/bad-response',
      message: expect.stringContaining(says) as string,
    });
  });

  it('of a POST is not followed: it carries the identity token', async () => {
    const other = await startLoopback(() => ({ body: { token: 't1' } }));
    onTestFinished(() => other.close());
    const { server, listTags } = await loopbackClient(bearerRegistry(() => redirect(other.url)));
    const access = dockerConfig(server.host, { identitytoken: 'planted-refresh' });
    await expect(listTags(access)).rejects.toMatchObject({ code: 'registry/bad-response' });
    expect(other.requests).toEqual([]);
  });
});

describe('secrets', () => {
  const PLANTED = [
    'planted-password',
    Buffer.from('me:planted-password').toString('base64'),
    'planted-refresh',
    'planted-token',
    'planted-bearer',
  ];

  /** Says everything it was told back, in every way an error can. */
  const echo: Handler = (request) => {
    const told = `${request.headers.authorization ?? ''} ${request.url} ${request.body}`;
    if (isToken(request) && request.method === 'GET') return { body: { token: 'planted-token' } };
    return {
      status: request.headers.authorization === undefined && !isToken(request) ? 401 : 403,
      headers: {
        'www-authenticate': `Bearer realm="http://${request.headers.host ?? ''}/token",service="${'s'.repeat(5)}"`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ errors: [{ code: told, message: told }], error: told }),
    };
  };

  it.each([
    { name: 'a login', access: () => ({ basic: LOGIN }) },
    {
      name: 'an identity token',
      access: (host: string) => dockerConfig(host, { identitytoken: 'planted-refresh' }),
    },
    {
      name: 'a registry token',
      access: (host: string) => dockerConfig(host, { registrytoken: 'planted-bearer' }),
    },
  ])('of $name are in no error, whatever the registry says', async ({ access }) => {
    const server = await startLoopback(echo);
    onTestFinished(() => server.close());
    const everything: string[] = [];
    const { listTags, digest } = clientOf(server.host);
    for (const ask of [listTags, (given: Partial<RegistryAccess>) => digest('1.0', given)]) {
      let error: unknown = await ask(access(server.host)).catch((reason: unknown) => reason);
      for (; error instanceof Error; error = error.cause)
        everything.push(error.message, error.stack ?? '', JSON.stringify(error));
    }
    expect(everything.length).toBeGreaterThan(0);
    for (const secret of PLANTED) expect(everything.join('\n')).not.toContain(secret);
  });
});
