import { describe, expect, it } from 'vitest';
import { ToldImages } from '../../../src/adapters/registry/told-images.ts';
import { loopbackClient, plainAccess, teamApp } from '../../support/registry/client.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

const entry = (
  tag: unknown,
  timeCreatedMs: unknown = '1780000000000',
  mediaType: unknown = IMAGE,
) => ({
  imageSizeBytes: '10',
  mediaType,
  timeCreatedMs,
  timeUploadedMs: '1780000009999',
  tag,
});

function told(...pages: readonly unknown[]) {
  const images = new ToldImages();
  for (const page of pages) images.add(page);
  return Object.fromEntries(images.of(new Set(['1.0', '1.1'])));
}

const known = { digest: A, createdMs: 1_780_000_000_000 };

describe('what a tag list tells of its images', () => {
  it.each([
    ['digest and build time', [{ [A]: entry(['1.0', '1.1']) }], { '1.0': known, '1.1': known }],
    ['the same on two pages', [{ [A]: entry(['1.0']) }, { [A]: entry(['1.0']) }], { '1.0': known }],
    ['nothing of tags that are not listed', [{ [A]: entry(['old', '1.0']) }], { '1.0': known }],
    ['no time of an index', [{ [A]: entry(['1.0'], '5', INDEX) }], { '1.0': { digest: A } }],
    ['no time without a type', [{ [A]: entry(['1.0'], '5', null) }], { '1.0': { digest: A } }],
    ['no time that is no number', [{ [A]: entry(['1.0'], '1e9') }], { '1.0': { digest: A } }],
    ['no negative time', [{ [A]: entry(['1.0'], '-5') }], { '1.0': { digest: A } }],
    [
      'nothing of a tag under two digests',
      [{ [A]: entry(['1.0']), [B]: entry(['1.0', '1.1']) }],
      { '1.1': { ...known, digest: B } },
    ],
    [
      'nor of one that a third page confirms',
      [{ [A]: entry(['1.0']) }, { [B]: entry(['1.0']) }, { [A]: entry(['1.0']) }],
      {},
    ],
    ['nor with two times', [{ [A]: entry(['1.0']) }, { [A]: entry(['1.0'], '1790000000000') }], {}],
    ['nothing by what is no digest', [{ latest: entry(['1.0']) }], {}],
    [
      'nothing by names that are no list of texts',
      [{ [A]: entry('1.0'), [B]: entry(['1.0', 5]) }],
      {},
    ],
    ['nothing without a map', [undefined, null, 'x', [], 5], {}],
  ])('is %s', (_, pages, expected) => {
    expect(told(...pages)).toEqual(expected);
  });

  it('is nothing at all where there is too much of it', () => {
    const many = Array.from({ length: 100_000 }, (_, n) => `b${n}`);
    expect(told({ [A]: entry(['1.0', ...many]) }, { [B]: entry(['1.1']) })).toEqual({});
    expect(told({ [A]: entry(['1.0', ...many.slice(1)]) })).toEqual({ '1.0': known });
  });

  it('is put together from all pages, also of tags on other pages', async () => {
    const { registry, server } = await loopbackClient(({ url }) =>
      url.includes('last')
        ? { body: { tags: ['1.1'], manifest: { [B]: entry(['1.0'], '0') } } }
        : {
            body: { tags: ['1.0'], manifest: { [A]: entry(['1.1']) } },
            headers: { link: '<?last=1.0>; rel="next"' },
          },
    );
    const list = await registry.listTags(
      teamApp(server.host),
      plainAccess(),
      new AbortController().signal,
    );
    expect(list.tags).toEqual(['1.0', '1.1']);
    expect(Object.fromEntries(list.told)).toEqual({
      '1.0': { digest: B, createdMs: 0 },
      '1.1': known,
    });
  });

  it('never spoils the list of tags', async () => {
    const { listTags } = await loopbackClient(() => ({
      body: { tags: ['1.0'], manifest: 'none' },
    }));
    await expect(listTags()).resolves.toEqual(['1.0']);
  });
});
