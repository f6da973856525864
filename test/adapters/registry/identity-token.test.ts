import { describe, expect, it } from 'vitest';
import {
  bearerRegistry,
  dockerConfig,
  isToken,
  numberedToken,
} from '../../support/registry/authorization.ts';
import { loopbackClient } from '../../support/registry/client.ts';

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
