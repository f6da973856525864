import { describe, expect, it } from 'vitest';
import { profileOf } from '../../../src/adapters/registry/known-registries.ts';
import { loopbackClient } from '../../support/registry/client.ts';
import type { Answer, SeenRequest } from '../../support/registry/loopback.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `1.0.${index}`);

const queryOf = (request: SeenRequest) => new URL(request.url, 'http://x').searchParams;

describe('a tag list without links', () => {
  /** Tags whose order is their order in the alphabet. */
  const sorted = (count: number) => numbered(count).toSorted();
  /** Neither sorted nor reversed, with its last tag in the middle of the alphabet. */
  const mixed = (count: number) =>
    Array.from({ length: count }, (_, index) => `1.0.${(index * 7919 + 500) % count}`);

  type Cut = (tags: readonly string[], n: number, last: string | null) => readonly string[];
  const byPlace: Cut = (tags, n, last) => {
    const start = last === null ? 0 : tags.indexOf(last) + 1;
    return tags.slice(start, start + n);
  };
  const byAlphabet: Cut = (tags, n, last) =>
    tags.filter((tag) => last === null || tag > last).slice(0, n);
  const ignoringLast: Cut = (tags, n) => tags.slice(0, n);
  const ignoringBoth: Cut = (tags) => tags;

  const cutting =
    (tags: readonly string[], cut: Cut, cap = 1_000_000) =>
    (request: SeenRequest): Answer => {
      const query = queryOf(request);
      const n = Math.min(Number(query.get('n') ?? cap), cap);
      return { body: { tags: cut(tags, n, query.get('last')) } };
    };

  it.each([
    { count: 0, cut: byPlace, requests: 1 },
    { count: 999, cut: byPlace, requests: 1 },
    { count: 1000, cut: byPlace, requests: 2 },
    { count: 1001, cut: byPlace, requests: 2 },
    { count: 2500, cut: byPlace, requests: 3 },
    { count: 2500, cut: byAlphabet, requests: 3 },
    { count: 2500, cut: ignoringLast, requests: 3 },
    { count: 1000, cut: ignoringBoth, requests: 4 },
    { count: 2500, cut: ignoringBoth, requests: 1 },
  ])('of $count sorted tags by $cut.name is read to the end', async ({ count, cut, requests }) => {
    const { listTags, server } = await loopbackClient(cutting(sorted(count), cut));
    await expect(listTags()).resolves.toEqual(sorted(count));
    expect(server.requests).toHaveLength(requests);
  });

  it.each([
    { count: 1000, cut: byPlace, requests: 2 },
    { count: 2500, cut: byPlace, requests: 3 },
    { count: 12_000, cut: byAlphabet, requests: 4 },
    { count: 12_000, cut: ignoringLast, requests: 4 },
    { count: 1000, cut: ignoringBoth, requests: 4 },
    { count: 2500, cut: ignoringBoth, requests: 1 },
  ])('of $count mixed tags by $cut.name is read to the end', async ({ count, cut, requests }) => {
    const { listTags, server } = await loopbackClient(cutting(mixed(count), cut));
    await expect(listTags().then((tags) => tags.toSorted())).resolves.toEqual(sorted(count));
    expect(server.requests).toHaveLength(requests);
  });

  it.each([
    { name: 'ignores last', cut: ignoringLast, tags: sorted(2500) },
    { name: 'leaves out what is before last in the alphabet', cut: byAlphabet, tags: mixed(2500) },
  ])('is an error by a registry that gives 1000 at most and $name', async ({ cut, tags }) => {
    const { listTags } = await loopbackClient(cutting(tags, cut, 1000));
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/incomplete',
      message: expect.stringContaining('cut off at') as string,
    });
  });

  it.each([
    { name: 'sorted', tags: sorted(250), cut: byAlphabet, requests: 4 },
    { name: 'mixed', tags: mixed(250), cut: byPlace, requests: 4 },
    { name: 'of a round number', tags: sorted(300), cut: byAlphabet, requests: 5 },
  ])('$name, by a registry that gives 100 at most, is read', async ({ tags, cut, requests }) => {
    const { listTags, server } = await loopbackClient(cutting(tags, cut, 100));
    await expect(listTags()).resolves.toEqual(tags);
    expect(server.requests.length).toBeLessThanOrEqual(requests);
  });

  it.each([400, 404, 405])('of round length is complete where last gives %i', async (status) => {
    const { listTags, server } = await loopbackClient((request) =>
      queryOf(request).has('last') ? { status } : { body: { tags: sorted(100) } },
    );
    await expect(listTags()).resolves.toEqual(sorted(100));
    expect(server.requests).toHaveLength(2);
  });

  it('is an error where the question for more fails', async () => {
    const { listTags } = await loopbackClient((request) =>
      queryOf(request).has('last') ? { status: 500 } : { body: { tags: sorted(100) } },
    );
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/incomplete', retry: true });
  });

  it('is not looked behind where the registry is known to link always', async () => {
    const { listTags, server } = await loopbackClient(cutting(sorted(1000), byPlace), {
      profileOf: (host) => ({ ...profileOf(host), alwaysLinks: true }),
    });
    await expect(listTags()).resolves.toHaveLength(1000);
    expect(server.requests).toHaveLength(1);
  });

  it('is read by smaller pages, and later lists too, where 1000 at once are refused', async () => {
    const { listTags, server } = await loopbackClient((request) =>
      Number(queryOf(request).get('n')) > 100
        ? { status: 405, body: { errors: [{ code: 'UNSUPPORTED', message: 'n is too large' }] } }
        : cutting(sorted(250), byAlphabet)(request),
    );
    await expect(listTags()).resolves.toEqual(sorted(250));
    await listTags();
    const sizes = server.requests.map((request) => queryOf(request).get('n'));
    expect(sizes).toEqual(['1000', '100', '100', '100', '100', '100', '100']);
  });

  it('is read without a size where every size is refused', async () => {
    const { listTags } = await loopbackClient((request) =>
      queryOf(request).has('n')
        ? { status: 400, body: { errors: [{ code: 'PAGINATION_NUMBER_INVALID' }] } }
        : cutting(sorted(250), byAlphabet, 100)(request),
    );
    await expect(listTags()).resolves.toEqual(sorted(250));
  });
});
