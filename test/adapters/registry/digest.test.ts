import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loopbackClient } from '../../support/registry/client.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const MANIFEST = '{"schemaVersion": 2,\n "mediaType": "x"}';
const HASH = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`;

describe('digest', () => {
  it('is what the registry says to HEAD, asked for with all four manifest types', async () => {
    const { digest, server } = await loopbackClient(() => ({
      headers: { 'docker-content-digest': DIGEST },
    }));
    await expect(digest('1.0')).resolves.toBe(DIGEST);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: 'HEAD', url: '/v2/team/app/manifests/1.0' });
    expect(server.requests[0]?.headers.accept?.split(', ')).toEqual([
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.docker.distribution.manifest.v2+json',
    ]);
  });

  it.each([
    { name: 'HEAD names none', head: { status: 200 } },
    { name: 'HEAD is not allowed', head: { status: 405 } },
    { name: 'HEAD is not known', head: { status: 501 } },
  ])("is the hash of the manifest's bytes where $name", async ({ head }) => {
    const { digest } = await loopbackClient(({ method }) =>
      method === 'HEAD' ? head : { body: MANIFEST },
    );
    await expect(digest('1.0')).resolves.toBe(HASH);
  });

  it.each([
    { name: 'to HEAD', head: { status: 404 } },
    { name: 'to GET', head: { status: 405 } },
  ])('is undefined where the registry says 404 $name', async ({ head }) => {
    const { digest } = await loopbackClient(({ method }) =>
      method === 'HEAD' ? head : { status: 404, body: { errors: [{ code: 'NAME_UNKNOWN' }] } },
    );
    await expect(digest('1.0')).resolves.toBeUndefined();
  });

  it.each([
    { name: 'rubbish', value: 'nonsense' },
    { name: 'a short hash', value: 'sha256:abcd' },
    { name: 'a hash in capitals', value: DIGEST.toUpperCase() },
    { name: 'YAML', value: `${DIGEST} # x` },
  ])('is refused where the registry says $name', async ({ value }) => {
    const { digest } = await loopbackClient(() => ({
      headers: { 'docker-content-digest': value },
    }));
    await expect(digest('1.0')).rejects.toMatchObject({ code: 'registry/bad-response' });
  });

  it.each([
    { status: 403, code: 'registry/unauthorized' },
    { status: 400, code: 'registry/bad-response' },
    { status: 500, code: 'registry/server-error' },
  ])('fails with $code on $status', async ({ status, code }) => {
    const { digest } = await loopbackClient(() => ({ status }));
    await expect(digest('1.0')).rejects.toMatchObject({ code });
  });

  it('reads no manifest larger than registries should take', async () => {
    const { digest } = await loopbackClient(({ method }) =>
      method === 'HEAD' ? {} : { body: 'x'.repeat(5 * 1024 * 1024) },
    );
    await expect(digest('1.0')).rejects.toMatchObject({ code: 'registry/too-large' });
  });

  it('asks for no other path than the tag', async () => {
    const { digest, server } = await loopbackClient(() => ({ status: 404 }));
    await digest('../../x?y#z');
    expect(server.requests[0]?.url).toBe('/v2/team/app/manifests/..%2F..%2Fx%3Fy%23z');
  });
});
