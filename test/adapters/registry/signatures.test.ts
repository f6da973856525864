import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loopbackClient, plainAccess, teamApp } from '../../support/registry/client.ts';
import type { Answer } from '../../support/registry/loopback.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const FALLBACK = `sha256-${'a'.repeat(64)}`;
const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const never = new AbortController().signal;

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** A manifest with one layer, and both as a registry serves them. */
function artifact(content: string, mediaType = BUNDLE, size = content.length) {
  const layers = [{ mediaType, digest: digestOf(content), size, annotations: { note: 'x' } }];
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, layers });
  return {
    digest: digestOf(manifest),
    manifest,
    served: {
      [`manifests/${digestOf(manifest)}`]: { body: manifest },
      [`blobs/${digestOf(content)}`]: { body: content },
    } as Record<string, Answer>,
  };
}

function index(
  entries: readonly { digest: string; artifactType?: string; annotations?: object }[],
  headers: Answer['headers'] = {},
): Answer {
  const manifests = entries.map((entry) => ({ mediaType: MANIFEST, size: 1, ...entry }));
  return {
    headers: { 'content-type': INDEX, ...headers },
    body: { schemaVersion: 2, manifests },
  };
}

/** A registry that has these paths of team/app, and nothing else. */
async function registryWith(content: Readonly<Record<string, Answer>>) {
  const { registry, server } = await loopbackClient(
    ({ url }) => content[url.replace('/v2/team/app/', '')] ?? { status: 404, body: {} },
  );
  return {
    paths: () => server.requests.map(({ url }) => url.replace('/v2/team/app/', '')),
    signatures: () => registry.signatures(teamApp(server.host), IMAGE, plainAccess(), never),
  };
}

const bundleOf = (content: string) => ({ kind: 'bundle', json: Buffer.from(content) });

describe('signatures of an image', () => {
  it('are none where neither referrers nor tags are there, after three questions', async () => {
    const { signatures, paths } = await registryWith({});
    await expect(signatures()).resolves.toEqual({ signatures: [], isPartial: false });
    expect(paths()).toEqual([
      `referrers/${IMAGE}`,
      `manifests/${FALLBACK}`,
      `manifests/${FALLBACK}.sig`,
    ]);
  });

  it('are found in the registry’s list of referrers, on all of its pages', async () => {
    const [one, two] = [artifact('{"one":1}'), artifact('{"two":2}')];
    const { signatures } = await registryWith({
      [`referrers/${IMAGE}`]: index([one], { link: '<?page=2>; rel="next"' }),
      [`referrers/${IMAGE}?page=2`]: index([two]),
      ...one.served,
      ...two.served,
    });
    await expect(signatures()).resolves.toEqual({
      signatures: [bundleOf('{"one":1}'), bundleOf('{"two":2}')],
      isPartial: false,
    });
  });

  it('are asked for without a filter, so that no type is left out', async () => {
    const { signatures, paths } = await registryWith({});
    await signatures();
    expect(paths().filter((path) => path.includes('artifactType'))).toEqual([]);
  });

  it.each([
    { name: '404 (GHCR, distribution)', answer: { status: 404, body: {} } },
    { name: '400', answer: { status: 400, body: {} } },
    { name: '405', answer: { status: 405, body: {} } },
    { name: '501', answer: { status: 501, body: {} } },
    {
      name: 'a web page',
      answer: { headers: { 'content-type': 'text/html' }, body: '<html></html>' },
    },
    { name: 'an empty list', answer: index([]) },
  ])('are found by the fallback tag where the list is $name', async ({ answer }) => {
    const one = artifact('{"one":1}');
    const { signatures } = await registryWith({
      [`referrers/${IMAGE}`]: answer,
      [`manifests/${FALLBACK}`]: index([one]),
      ...one.served,
    });
    await expect(signatures()).resolves.toEqual({
      signatures: [bundleOf('{"one":1}')],
      isPartial: false,
    });
  });

  it('are known by what the manifests hold, whatever type an index gives them', async () => {
    const one = artifact('{"one":1}');
    const { signatures } = await registryWith({
      [`manifests/${FALLBACK}`]: index([
        { digest: one.digest, artifactType: 'application/vnd.oci.empty.v1+json' },
      ]),
      ...one.served,
    });
    await expect(signatures()).resolves.toMatchObject({ signatures: [bundleOf('{"one":1}')] });
  });

  it('are found under cosign’s own tag, with their annotations', async () => {
    const one = artifact('{"critical":{}}', SIMPLE_SIGNING);
    const { signatures } = await registryWith({
      [`manifests/${FALLBACK}.sig`]: { body: one.manifest },
      ...one.served,
    });
    await expect(signatures()).resolves.toEqual({
      signatures: [
        {
          kind: 'simple-signing',
          payload: Buffer.from('{"critical":{}}'),
          annotations: { note: 'x' },
        },
      ],
      isPartial: false,
    });
  });

  it('are not looked for in attestations, by their own word', async () => {
    const sbom = artifact('{"sbom":1}');
    const { signatures, paths } = await registryWith({
      [`referrers/${IMAGE}`]: index([
        {
          digest: sbom.digest,
          artifactType: BUNDLE,
          annotations: { 'dev.sigstore.bundle.predicateType': 'https://spdx.dev/Document' },
        },
      ]),
      ...sbom.served,
    });
    await expect(signatures()).resolves.toEqual({ signatures: [], isPartial: false });
    expect(paths()).not.toContain(`manifests/${sbom.digest}`);
  });

  it('are not other artifacts that refer to the image', async () => {
    const other = artifact('text', 'text/plain');
    const { signatures, paths } = await registryWith({
      [`referrers/${IMAGE}`]: index([other]),
      ...other.served,
    });
    await expect(signatures()).resolves.toEqual({ signatures: [], isPartial: false });
    expect(paths()).not.toContain(`blobs/${digestOf('text')}`);
  });

  it('are looked at first among many referrers, and the others only up to a bound', async () => {
    const signed = artifact('{"one":1}');
    const others = Array.from({ length: 40 }, (_, nr) => artifact(`${nr}`, 'text/plain'));
    const { signatures, paths } = await registryWith({
      [`referrers/${IMAGE}`]: index([
        ...others.map(({ digest }) => ({ digest, artifactType: 'text/plain' })),
        { digest: signed.digest, artifactType: BUNDLE },
      ]),
      ...Object.assign({}, signed.served, ...others.map(({ served }) => served)),
    });
    await expect(signatures()).resolves.toEqual({
      signatures: [bundleOf('{"one":1}')],
      isPartial: true,
    });
    expect(paths().filter((path) => path.startsWith('manifests/sha256:'))).toHaveLength(32);
  });

  it.each([
    { name: 'too large', one: artifact('{}', BUNDLE, 300_000) },
    { name: 'gone', one: { ...artifact('{}'), served: {} } },
  ])('that are $name are counted as not looked at', async ({ one }) => {
    const { signatures } = await registryWith({
      [`referrers/${IMAGE}`]: index([one]),
      ...one.served,
    });
    await expect(signatures()).resolves.toEqual({ signatures: [], isPartial: true });
  });

  it('are partly unknown where the fallback tag is no list', async () => {
    const { signatures } = await registryWith({
      [`manifests/${FALLBACK}`]: { body: { schemaVersion: 2, layers: [] } },
    });
    await expect(signatures()).resolves.toEqual({ signatures: [], isPartial: true });
  });
});

describe('a registry that fails while signatures are looked for', () => {
  const one = artifact('{"one":1}');
  const found = { [`referrers/${IMAGE}`]: index([one]), ...one.served };
  const link = { link: '<?page=2>; rel="next"' };

  it.each<{ name: string; content: Record<string, Answer>; code: string }>([
    {
      name: 'the list of referrers fails',
      content: { [`referrers/${IMAGE}`]: { status: 500, body: {} } },
      code: 'registry/server-error',
    },
    {
      name: 'the list of referrers is denied',
      content: { [`referrers/${IMAGE}`]: { status: 403, body: {} } },
      code: 'registry/unauthorized',
    },
    {
      name: 'the list of referrers cannot be read',
      content: {
        [`referrers/${IMAGE}`]: { headers: { 'content-type': INDEX }, body: '{"manifests":7}' },
      },
      code: 'registry/bad-response',
    },
    {
      name: 'a page is missing',
      content: { ...found, [`referrers/${IMAGE}`]: index([one], link) },
      code: 'registry/incomplete',
    },
    {
      name: 'the fallback tag fails',
      content: { [`manifests/${FALLBACK}`]: { status: 500, body: {} } },
      code: 'registry/server-error',
    },
    {
      name: 'cosign’s tag fails',
      content: { [`manifests/${FALLBACK}.sig`]: { status: 500, body: {} } },
      code: 'registry/server-error',
    },
    {
      name: 'a manifest is not what its digest says',
      content: { ...found, [`manifests/${one.digest}`]: { body: artifact('other').manifest } },
      code: 'registry/bad-response',
    },
    {
      name: 'a signature is not what its digest says',
      content: { ...found, [`blobs/${digestOf('{"one":1}')}`]: { body: '{"two":2}' } },
      code: 'registry/bad-response',
    },
    {
      name: 'a signature is larger than it says',
      content: { ...found, [`blobs/${digestOf('{"one":1}')}`]: { body: 'x'.repeat(300_000) } },
      code: 'registry/too-large',
    },
  ])('is an error and no word on the image: $name', async ({ content, code }) => {
    const { signatures } = await registryWith(content);
    await expect(signatures()).rejects.toMatchObject({ code });
  });

  it('is left alone when its pages go in a circle or to another host', async () => {
    for (const next of ['?page=2', 'https://example.com/v2/team/app/referrers/x']) {
      const linked = index([one], { link: `<${next}>; rel="next"` });
      const { signatures } = await registryWith({
        ...found,
        [`referrers/${IMAGE}`]: linked,
        [`referrers/${IMAGE}?page=2`]: linked,
      });
      await expect(signatures()).resolves.toMatchObject({ isPartial: true });
    }
  });
});
