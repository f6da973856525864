import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loopbackClient, clientOf, plainAccess } from '../../support/registry/client.ts';
import { type Answer, type SeenRequest, startLoopback } from '../../support/registry/loopback.ts';

const PATH = '/v2/team/app/tags/list';
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `1.0.${index}`);

const queryOf = (request: SeenRequest) => new URL(request.url, 'http://x').searchParams;

/** Pages of `size` tags with an opaque cursor, and a link of the given form. */
function paged(
  tags: readonly string[],
  size: number,
  link: (query: string, request: SeenRequest) => string,
) {
  return (request: SeenRequest): Answer => {
    const start = Number(queryOf(request).get('cursor') ?? 0);
    const end = start + size;
    const body = { name: 'team/app', tags: tags.slice(start, end) };
    if (end >= tags.length) return { body };
    return { body, headers: { link: `<${link(`cursor=${end}`, request)}>; rel="next"` } };
  };
}

describe('a tag list in pages', () => {
  it.each([
    { name: 'an absolute path', link: (query: string) => `${PATH}?${query}` },
    { name: 'a query alone', link: (query: string) => `?${query}` },
    {
      name: 'a whole URL',
      link: (query: string, request: SeenRequest) =>
        `http://${request.headers.host ?? ''}${PATH}?${query}`,
    },
    { name: 'a URL without the port', link: (query: string) => `http://127.0.0.1${PATH}?${query}` },
    {
      name: 'a URL with another scheme',
      link: (query: string) => `https://127.0.0.1${PATH}?${query}`,
    },
    { name: 'a path that lost its prefix', link: (query: string) => `/v2/app/tags/list?${query}` },
  ])('is read to the end by links of the form "$name"', async ({ link }) => {
    const { listTags, server } = await loopbackClient(paged(numbered(25), 10, link));
    await expect(listTags()).resolves.toEqual(numbered(25));
    expect(server.requests.map(({ url }) => url)).toEqual([
      `${PATH}?n=1000`,
      `${PATH}?cursor=10`,
      `${PATH}?cursor=20`,
    ]);
  });

  it('passes opaque cursors on byte by byte', async () => {
    const cursor = 'next_page=gAAAA%2Bxyz%3D%3D&n=2&x=a+b~c';
    const { listTags, server } = await loopbackClient(({ url }) =>
      url.includes('next_page')
        ? { body: { tags: ['b'] } }
        : { body: { tags: ['a'] }, headers: { link: `<${PATH}?${cursor}>; rel="next"` } },
    );
    await expect(listTags()).resolves.toEqual(['a', 'b']);
    expect(server.requests[1]?.url).toBe(`${PATH}?${cursor}`);
  });

  it('goes on over empty pages that have a link', async () => {
    const pages = [['a'], [], null, ['b']];
    const { listTags } = await loopbackClient((request) => {
      const at = Number(queryOf(request).get('at') ?? 0);
      const more = at < pages.length - 1;
      return {
        body: { tags: pages[at] },
        ...(more ? { headers: { link: `<?at=${at + 1}>; rel=next` } } : {}),
      };
    });
    await expect(listTags()).resolves.toEqual(['a', 'b']);
  });

  it('gives the same tags whatever the size of the pages', async () => {
    let tags: readonly string[] = [];
    let size = 1;
    const server = await startLoopback((request) =>
      paged(tags, size, (query) => `?${query}`)(request),
    );
    const { listTags } = clientOf(server.host);
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/);
    const law = fc.asyncProperty(
      fc.uniqueArray(tag, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (someTags, someSize) => {
        [tags, size] = [someTags, someSize];
        expect(await listTags()).toEqual(someTags);
      },
    );
    await fc.assert(law, { numRuns: 30 });
    await server.close();
  });
});

describe('a tag list in one piece', () => {
  it('does not ask further where links were there before', async () => {
    const { listTags, server } = await loopbackClient(paged(numbered(2000), 1000, (q) => `?${q}`));
    await expect(listTags()).resolves.toHaveLength(2000);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    { name: 'null', body: { name: 'team/app', tags: null } },
    { name: 'absent', body: { name: 'team/app' } },
    { name: 'an empty list', body: { tags: [] } },
  ])('is empty where tags are $name', async ({ body }) => {
    const { listTags } = await loopbackClient(() => ({ body }));
    await expect(listTags()).resolves.toEqual([]);
  });

  it('leaves out duplicates and names that are no tags', async () => {
    const tags = ['1.0', 'a b', '1.0', '', '-x', 'x\ny', '2.0 # evil', 'a'.repeat(129), 'é', '2.0'];
    const { listTags } = await loopbackClient(() => ({ body: { tags } }));
    await expect(listTags()).resolves.toEqual(['1.0', '2.0']);
  });
});

describe('a tag list that cannot be read to its end', () => {
  const withLink = (link: string): Answer => ({
    body: { tags: ['a'] },
    headers: { link: `<${link}>; rel="next"` },
  });

  it.each([
    { name: 'leads to itself', link: `${PATH}?n=1000`, says: 'go in a circle' },
    { name: 'leads to another host', link: `http://evil.example${PATH}?x=1`, says: 'another host' },
    { name: 'is no URL', link: 'http://[', says: 'another host' },
  ])('is an error where the link $name', async ({ link, says }) => {
    const { listTags } = await loopbackClient(() => withLink(link));
    const error: unknown = await listTags().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'registry/incomplete' });
    expect(String(error)).toContain(says);
  });

  it('is an error where links go in a circle of two', async () => {
    const { listTags, server } = await loopbackClient(({ url }) =>
      withLink(url.includes('at=b') ? '?at=a' : '?at=b'),
    );
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/incomplete' });
    expect(server.requests).toHaveLength(3);
  });

  it('is an error where new links bring no new tags for ever', async () => {
    let page = 0;
    const { listTags, server } = await loopbackClient(() => withLink(`?at=${++page}`));
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/incomplete',
      message: expect.stringContaining('nothing new') as string,
    });
    expect(server.requests.length).toBeLessThan(20);
  });

  it.each([
    { name: 'an error', answer: { status: 500 }, cause: 'registry/server-error', retry: true },
    {
      name: 'no more access',
      answer: { status: 403 },
      cause: 'registry/unauthorized',
      retry: false,
    },
    { name: 'a 404', answer: { status: 404 }, cause: 'registry/not-found', retry: false },
    { name: 'HTML', answer: { body: '<html>' }, cause: 'registry/bad-response', retry: false },
  ])('is an error where the second page is $name', async ({ answer, cause, retry }) => {
    const { listTags } = await loopbackClient(({ url }) =>
      url.includes('last') ? answer : withLink('?last=a'),
    );
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/incomplete',
      retry,
      cause: { code: cause },
    });
  });

  it(
    'of millions of things that are no tags costs no more than reading it',
    { timeout: 5000 },
    async () => {
      const page = `{"tags":[${'0,'.repeat(4_000_000)}0]}`;
      const { listTags } = await loopbackClient(() => ({ body: page }));
      await expect(listTags()).rejects.toMatchObject({ code: 'registry/bad-response' });
    },
  );

  it('keeps the time that a registry names when it slows us down between pages', async () => {
    const { listTags } = await loopbackClient(({ url }) =>
      url.includes('last')
        ? { status: 429, headers: { 'retry-after': '600' } }
        : withLink('?last=a'),
    );
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/incomplete',
      retry: true,
      afterMs: 600_000,
    });
  });

  it('is an error where the registry dies between pages', async () => {
    const { listTags, server } = await loopbackClient(({ url }, response) => {
      if (!url.includes('last')) return withLink('?last=a');
      response.destroy();
      void server.close();
      return undefined;
    });
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/incomplete',
      cause: { code: 'registry/unreachable' },
    });
  });

  it('is an error where the registry dies within a page', async () => {
    const { listTags, server } = await loopbackClient(({ url }, response) => {
      if (!url.includes('last')) return withLink('?last=a');
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"tags": ["b", "c"]');
      setTimeout(() => response.destroy(), 20);
      return undefined;
    });
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/incomplete' });
    expect(server.requests.length).toBeGreaterThan(2);
  });
});

describe('a tag list without an end', () => {
  it('of ever new tags is given up, not followed for ever', async () => {
    const PAGE = 200_000;
    let page = 0;
    const { listTags, server } = await loopbackClient(() => {
      page += 1;
      const tags = Array.from({ length: PAGE }, (_, index) => `${page}.${index}`);
      return { body: { tags }, headers: { link: `<?at=${page}>; rel="next"` } };
    });
    await expect(listTags({ timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'registry/too-large',
    });
    expect(server.requests.length).toBeLessThan(20);
  });
});

describe('large tag lists', () => {
  /** About 3 MiB, in one page. */
  const LARGE = numbered(200_000);

  /** Repositories whose lists are held back until the test lets them go. */
  async function heldBack() {
    const waiting: (() => void)[] = [];
    const begun: string[] = [];
    const made = await loopbackClient(async ({ url }) => {
      const name = /^\/v2\/([^/]+)\//.exec(url)?.[1] ?? '';
      if (name.startsWith('small')) return { body: { tags: ['1.0'] } };
      begun.push(name);
      await new Promise<void>((go) => waiting.push(go));
      return { body: { tags: LARGE } };
    });
    const list = async (path: string) => {
      const { signal } = new AbortController();
      const target = { registry: made.server.host, path };
      return (await made.registry.listTags(target, plainAccess(), signal)).tags;
    };
    const letGo = async () => {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      for (const go of waiting.splice(0)) go();
    };
    return { list, begun, letGo };
  }

  it('are read one at a time, and small ones meanwhile', async () => {
    const { list, begun, letGo } = await heldBack();
    const [a, b] = [list('large-a'), list('large-b')];
    await expect.poll(() => begun.length).toBe(2);
    await letGo(); // both turn out to be large: one of them is read again, the other waits
    await expect.poll(() => begun.length).toBe(3);
    await expect(list('small')).resolves.toEqual(['1.0']);
    expect(begun).toHaveLength(3);
    await letGo();
    await expect.poll(() => begun.length).toBe(4);
    await letGo();
    expect((await Promise.all([a, b])).map(({ length }) => length)).toEqual([200_000, 200_000]);
  });

  it('are known as large when they are read again', async () => {
    const { list, begun, letGo } = await heldBack();
    const first = list('large');
    await letGo();
    await letGo();
    await first;
    const second = list('large');
    await letGo();
    await second;
    expect(begun).toHaveLength(3);
  });
});

describe('a tag list of 1 GB', () => {
  it('is cut off early', async () => {
    const GIGABYTE = 1024 ** 3;
    const chunk = Buffer.from(`"${'a'.repeat(60)}",`.repeat(16_384));
    let sent = 0;
    function* body() {
      yield '{"tags":[';
      for (; sent < GIGABYTE; sent += chunk.length) yield chunk;
    }
    const { listTags } = await loopbackClient((_request, response) => {
      Readable.from(body()).pipe(response);
      return undefined;
    });
    await expect(listTags({ timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'registry/too-large',
      retry: false,
    });
    expect(sent).toBeLessThan(GIGABYTE / 4);
  });
});
