import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { skipWithout } from '../../support/registry/availability.ts';
import { clientOf, loopbackClient, plainAccess, teamApp } from '../../support/registry/client.ts';
import { startLoopback, type Handler } from '../../support/registry/loopback.ts';
import { pushChart, pushImage, pushIndex } from '../../support/registry/push-images.ts';
import { createPusher } from '../../support/registry/pusher.ts';
import { startRegistry } from '../../support/registry/start-registry.ts';

const never = new AbortController().signal;
const hash = (text: string, algorithm = 'sha256') =>
  `${algorithm}:${createHash(algorithm).update(text).digest('hex')}`;

const CONFIG = '{"os":"linux","architecture":"arm64","created":"2026-01-01T00:00:00Z"}';
const IMAGE = JSON.stringify({
  config: {
    mediaType: 'application/vnd.docker.container.image.v1+json',
    digest: hash(CONFIG),
    size: CONFIG.length,
  },
  layers: [],
});

async function reading(handler: Handler, basic?: { username: string; password: string }) {
  const { registry, server } = await loopbackClient(handler);
  const access = plainAccess(basic === undefined ? {} : { basic });
  return {
    server,
    manifest: (reference: string) =>
      registry.manifest(teamApp(server.host), reference, access, never),
    config: (digest: string) => registry.imageConfig(teamApp(server.host), digest, access, never),
  };
}

describe('a manifest', () => {
  it.each([
    { name: 'without a digest header', headers: {} },
    { name: 'with one', headers: { 'docker-content-digest': hash(IMAGE) } },
    { name: 'with one of SHA-512', headers: { 'docker-content-digest': hash(IMAGE, 'sha512') } },
  ])('has the hash of its own bytes for a digest, $name', async ({ headers }) => {
    const { manifest, server } = await reading(() => ({ headers, body: IMAGE }));
    const want = Object.values(headers)[0] ?? hash(IMAGE);
    await expect(manifest('1.0')).resolves.toEqual({
      kind: 'image',
      digest: want,
      annotations: {},
      config: hash(CONFIG),
    });
    expect(server.requests[0]?.headers.accept?.split(', ')).toHaveLength(4);
  });

  it.each([
    {
      name: 'a tag’s digest header',
      reference: '1.0',
      headers: { 'docker-content-digest': hash('') },
    },
    { name: 'the digest asked for', reference: hash('x'), headers: {} },
  ])('is refused where its bytes are not those of $name', async ({ reference, headers }) => {
    const { manifest } = await reading(() => ({ headers, body: IMAGE }));
    await expect(manifest(reference)).rejects.toMatchObject({
      code: 'registry/bad-response',
      message: expect.stringContaining('gave other content') as string,
    });
  });

  it.each([
    { name: 'a web page', body: '<html>' },
    { name: 'schema 1', body: '{"schemaVersion":1,"fsLayers":[]}' },
    {
      name: 'an index with a digest of no known form',
      body: '{"manifests":[{"digest":"md5:0"}]}',
    },
  ])('is refused where it is $name', async ({ body }) => {
    const { manifest } = await reading(() => ({ body }));
    await expect(manifest('1.0')).rejects.toMatchObject({ code: 'registry/bad-response' });
  });

  it.each([
    { status: 404, want: undefined },
    { status: 403, want: 'registry/unauthorized' },
    { status: 500, want: 'registry/server-error' },
  ])('of a registry that says $status is told apart', async ({ status, want }) => {
    const { manifest } = await reading(() => ({ status }));
    const found = manifest('1.0');
    if (want === undefined) await expect(found).resolves.toBeUndefined();
    else await expect(found).rejects.toMatchObject({ code: want });
  });

  it('of no bound size is not read to its end', async () => {
    const { manifest } = await reading(() => ({ body: 'x'.repeat(5 * 1024 * 1024) }));
    await expect(manifest('1.0')).rejects.toMatchObject({ code: 'registry/too-large' });
  });
});

describe('the config of an image', () => {
  it('is fetched from a storage host without the credentials', async () => {
    const storage = await startLoopback(() => ({ body: CONFIG }));
    onTestFinished(() => storage.close());
    const { config, server } = await reading(
      ({ headers }) =>
        headers.authorization === undefined
          ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }
          : { status: 307, headers: { location: `${storage.url}/signed?token=1` } },
      { username: 'ana', password: 'planted' },
    );
    await expect(config(hash(CONFIG))).resolves.toEqual({
      platform: { os: 'linux', architecture: 'arm64' },
      created: '2026-01-01T00:00:00Z',
      labels: {},
    });
    expect(server.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
    expect(storage.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    { name: 'other bytes', digest: hash('x'), answer: { body: CONFIG } },
    { name: 'no JSON', digest: hash('x'), answer: { body: 'x' } },
    { name: 'nothing at all', digest: hash(CONFIG), answer: { status: 404 } },
  ])('is refused where the registry has $name', async ({ digest, answer }) => {
    const { config } = await reading(() => answer);
    await expect(config(digest)).rejects.toMatchObject({ code: 'registry/bad-response' });
  });
});

describe.each(['distribution', 'docker-registry'] as const)('a real %s', (kind) => {
  it.skipIf(skipWithout(kind))('tells indexes, images, charts and attestations apart', async () => {
    const server = await startRegistry({ kind });
    onTestFinished(() => server.stop());
    const pusher = createPusher({ url: server.url, tls: {} }, 'team/app');
    onTestFinished(() => pusher.close());
    const { registry, digest } = clientOf(server.host);
    const manifest = (reference: string) =>
      registry.manifest(teamApp(server.host), reference, plainAccess(), never);

    const index = await pushIndex(
      pusher,
      [{ platform: 'linux/amd64' }, { platform: 'linux/arm64/v8' }],
      { tag: '1.0.0', annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' } },
    );
    const found = await manifest('1.0.0');
    expect(found).toMatchObject({
      kind: 'index',
      digest: index.digest,
      annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' },
      entries: [
        { platform: { os: 'linux', architecture: 'amd64' } },
        { platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
        { platform: { os: 'unknown', architecture: 'unknown' } },
      ],
    });
    expect(await digest('1.0.0')).toBe(index.digest);

    const content = { platform: 'linux/arm/v7', created: '2026-01-02T00:00:00Z', bare: true };
    const image = await pushImage(pusher, { ...content, labels: { a: 'b' } }, '1.1.0');
    const single = await manifest(image.digest);
    expect(single).toMatchObject({ kind: 'image', digest: image.digest });
    const config = single?.kind === 'image' ? single.config : '';
    await expect(
      registry.imageConfig(teamApp(server.host), config, plainAccess(), never),
    ).resolves.toEqual({
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      created: '2026-01-02T00:00:00Z',
      labels: { a: 'b' },
    });

    const chart = await pushChart(pusher, '1.2.0_build.1');
    await expect(manifest('1.2.0_build.1')).resolves.toMatchObject({
      kind: 'artifact',
      digest: chart.digest,
    });
    await expect(manifest('9.9.9')).resolves.toBeUndefined();
  });
});
