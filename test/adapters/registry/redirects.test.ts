import { describe, expect, it, onTestFinished } from 'vitest';
import {
  BASIC,
  LOGIN,
  TAGS,
  bearerRegistry,
  challenge,
  dockerConfig,
} from '../../support/registry/authorization.ts';
import { loopbackClient } from '../../support/registry/client.ts';
import { type Answer, startLoopback } from '../../support/registry/loopback.ts';

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
