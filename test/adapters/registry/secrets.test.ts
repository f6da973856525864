import { describe, expect, it, onTestFinished } from 'vitest';
import type { RegistryAccess } from '../../../src/ports/registry.ts';
import { LOGIN, dockerConfig, isToken } from '../../support/registry/authorization.ts';
import { clientOf } from '../../support/registry/client.ts';
import { type Handler, startLoopback } from '../../support/registry/loopback.ts';

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
