import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, SeenRequest } from '../support/registry/loopback.ts';
import { deployment, imagePolicy } from './resources.ts';
import { changedFiles, openStage, snapshot, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** Retries included: a registry that answers at once must not keep a person waiting. */
const PATIENCE_MS = 20_000;

/** The field of the bad registry stays, the other one moves, and the exit code tells. */
const ONLY_OTHER = { code: 1, inTime: true, changed: ['other.yaml'] };

/** One line that names the place, the policy and the repository. */
const POLICY_ERROR =
  /^policies\/web\.yaml:1:1: error: ImagePolicy apps\/web: 127\.0\.0\.1:\d+\/team\/web: .+\n$/;

describe('a registry that misbehaves', () => {
  let stage: Stage;
  let registry: TagServer;
  beforeAll(async () => {
    stage = openStage();
    registry = await startTagServer({ web: ['1.0.0', '1.1.0'], other: ['1.0.0', '1.1.0'] });
  });
  afterAll(async () => {
    await stage.close();
    await registry.close();
  });
  beforeEach(() => {
    registry.override(undefined);
  });

  it.each<{ name: string; says: RegExp; answer: (request: SeenRequest) => Answer }>([
    {
      name: 'limits requests',
      says: /the registry allows no more requests for now \(429 TOOMANYREQUESTS: slow down\)/,
      answer: () => ({
        status: 429,
        headers: { 'retry-after': '3600' },
        body: { errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] },
      }),
    },
    {
      name: 'fails',
      says: /the registry failed \(500\)/,
      answer: () => ({ status: 500 }),
    },
    {
      name: 'asks for a login that it then refuses',
      says: /access denied without credentials/,
      answer: () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } }),
    },
    {
      name: 'answers with a login page',
      says: /text\/html that is not a tag list; is there a login page or a proxy between\?/,
      answer: () => ({ headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }),
    },
    {
      name: 'answers with other JSON',
      says: /is not a tag list/,
      answer: () => ({ body: ['1.0.0'] }),
    },
    {
      name: 'sends its pages in a circle',
      says: /cannot be read to its end: its next-page links go in a circle/,
      answer: ({ url }) => ({
        headers: { link: `<${url.includes('last=b') ? '?last=a' : '?last=b'}>; rel="next"` },
        body: { tags: ['1.2.0'] },
      }),
    },
    {
      name: 'has ever new pages with nothing new in them',
      says: /cannot be read to its end: its pages bring nothing new/,
      answer: () => ({
        headers: { link: `<?last=${Math.random()}>; rel="next"` },
        body: { tags: ['1.2.0'] },
      }),
    },
    {
      name: 'fails at the second page',
      says: /the tag list broke off between pages: .*\(404/,
      answer: ({ url }) =>
        url.includes('last=')
          ? { status: 404 }
          : { headers: { link: '<?last=1.2.0>; rel="next"' }, body: { tags: ['1.2.0'] } },
    },
    {
      name: 'sends the next page to another host',
      says: /its next-page link leads to another host/,
      answer: () => ({
        headers: { link: '<http://example.invalid/v2/x/tags/list>; rel="next"' },
        body: { tags: ['1.2.0'] },
      }),
    },
  ])('that $name leaves its fields alone and the others go on', async ({ says, answer }) => {
    registry.override((request) =>
      request.url.includes('/team/web/') ? answer(request) : undefined,
    );
    const { stderr, ...outcome } = await update(registry.image('web'));
    expect(outcome).toEqual(ONLY_OTHER);
    expect(stderr).toMatch(POLICY_ERROR);
    expect(stderr).toMatch(says);
  });

  it('that is not there leaves its fields alone and the others go on', async () => {
    const gone = await startTagServer();
    await gone.close();
    const { stderr, ...outcome } = await update(gone.image('web'));
    expect(outcome).toEqual(ONLY_OTHER);
    expect(stderr).toMatch(POLICY_ERROR);
    expect(stderr).toMatch(/cannot reach .*: nothing listens there/);
  });

  it('whose tag list is 1 GB is given up long before its end', async () => {
    const endless = await startEndlessList(1024 ** 3);
    try {
      const { stderr, ...outcome } = await update(endless.image);
      expect(outcome).toEqual(ONLY_OTHER);
      expect(stderr).toMatch(POLICY_ERROR);
      expect(stderr).toMatch(/too large|more than|larger than/);
      expect(endless.sent()).toBeLessThan(256 * 1024 ** 2);
    } finally {
      await endless.close();
    }
  });

  /** Updates a folder with one field that follows `image`, and one of a registry that is well. */
  async function update(image: string) {
    stage.write({
      'repo/policies/web.yaml': imagePolicy({ image }),
      'repo/policies/other.yaml': imagePolicy({ name: 'other', image: registry.image('other') }),
      'repo/web.yaml': deployment(`${image}:1.0.0`),
      'repo/other.yaml': deployment(`${registry.image('other')}:1.0.0`, 'other'),
    });
    const before = snapshot(stage.path('repo'));
    const started = Date.now();
    const { code, stderr } = await stage.run(['update', 'repo']);
    const inTime = Date.now() - started < PATIENCE_MS;
    const changed = changedFiles(before, snapshot(stage.path('repo')));
    return { code, stderr, inTime, changed: changed.map((path) => basename(path)) };
  }
});

/** A registry whose one tag list goes on for so many bytes. */
async function startEndlessList(bytes: number) {
  const chunk = Buffer.from(
    Array.from({ length: 4_096 }, (_, n) => `"1.0.${n}-${'x'.repeat(32)}",`).join(''),
  );
  let sent = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"name":"team/web","tags":[');
    const more = () => {
      while (sent < bytes && !response.destroyed) {
        sent += chunk.length;
        if (!response.write(chunk)) return;
      }
      response.end('"1.1.0"]}');
    };
    response.on('drain', more);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    image: `127.0.0.1:${(server.address() as AddressInfo).port}/team/web`,
    sent: () => sent,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
