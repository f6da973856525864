import { describe, expect, it } from 'vitest';
import { BASIC, LOGIN, TAGS, challenge } from '../../support/registry/authorization.ts';
import { loopbackClient } from '../../support/registry/client.ts';
import type { Handler } from '../../support/registry/loopback.ts';

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
