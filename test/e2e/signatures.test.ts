import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWithout } from '../support/registry/availability.ts';
import { createPusher, type Pusher } from '../support/registry/pusher.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { attachSimple, listReferrers, pushReferrer } from '../support/signature/attach.ts';
import {
  keyBundle,
  makeSigner,
  signStatement,
  simplePayload,
} from '../support/signature/cosign-signer.ts';
import { foundSigstore, type TestSigstore } from '../support/signature/sigstore.ts';
import { deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

const RELEASE = { subject: 'https://ci.example.com/release', issuer: 'https://login.example.com' };
const BY_KEY = ['insecure: true', 'verify: {cosign: {secretRef: {name: cosign}}}'];
const BY_IDENTITY = [
  'insecure: true',
  'verify:',
  '  cosign:',
  '    matchOIDCIdentity:',
  '      - {issuer: ^https://login\\.example\\.com$, subject: ^https://ci\\.example\\.com/release$}',
  '    trustedRootSecretRef: {name: sigstore}',
];

describe.skipIf(skipWithout('distribution'))('update with verify', () => {
  const signer = makeSigner();
  let sigstore: TestSigstore;
  let registry: RunningRegistry;
  let pusher: Pusher;
  let stage: Stage;
  let digests: ReadonlyMap<string, string>;

  beforeAll(async () => {
    registry = await startRegistry({ kind: 'distribution' });
    pusher = createPusher({ url: registry.url, tls: {} }, 'team/web');
    digests = await registry.pushTags('team/web', ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0']);
    sigstore = await foundSigstore();
    stage = openStage();
    stage.write({
      'secrets/apps/cosign/cosign.pub': signer.publicKey,
      'secrets/apps/sigstore/trusted_root.json': sigstore.trustedRoot,
    });
  });
  afterAll(async () => {
    await stage.close();
    await pusher.close();
    await registry.stop();
  });

  const image = () => `${registry.host}/team/web`;
  const of = (tag: string) => digests.get(tag) ?? '';

  async function update(tag: string, spec: readonly string[], env: Record<string, string> = {}) {
    const before = deployment(`${image()}:1.0.0`);
    const policy = imagePolicy({ image: image(), range: `<=${tag}`, spec });
    stage.write({ 'repo/policy.yaml': policy, 'repo/web.yaml': before });
    const from = Object.keys(env).length === 0 ? ['--secrets', stage.path('secrets')] : [];
    const result = await stage.run(['update', 'repo', ...from], { env });
    const after = readFileSync(stage.path('repo/web.yaml'), 'utf8');
    return { ...result, before, after };
  }

  function simple(digest: string, by = signer) {
    const payload = simplePayload(digest);
    const signature = by.sign(payload).toString('base64');
    return { payload, annotations: { 'dev.cosignproject.cosign/signature': signature } };
  }

  async function attachBundle(digest: string, bundle: Buffer): Promise<void> {
    await listReferrers(pusher, digest, [await pushReferrer(pusher, digest, bundle)]);
  }

  it('writes what is signed, with the digest that was verified', async () => {
    await attachSimple(pusher, of('1.1.0'), [simple(of('1.1.0'))]);
    const { code, before, after, stderr } = await update('1.1.0', BY_KEY);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(after).toBe(before.replace(':1.0.0', `:1.1.0@${of('1.1.0')}`));
  });

  it('takes the key from the environment, too', async () => {
    const { code, after } = await update('1.1.0', BY_KEY, {
      LOCKKEEPER_SECRET_COSIGN_COSIGN_PUB: signer.publicKey,
    });
    expect(code).toBe(0);
    expect(after).toContain(`:1.1.0@${of('1.1.0')}`);
  });

  it.each([
    { name: 'without a signature', attach: async () => undefined, reason: 'has no signature' },
    {
      name: 'signed with another key',
      attach: (digest: string) =>
        attachBundle(digest, keyBundle(makeSigner(), signStatement(digest))),
      reason: 'has a signature that none of the trusted keys made, or that was changed since',
    },
    {
      name: 'whose signature was stripped',
      attach: (digest: string) =>
        attachSimple(pusher, digest, [{ ...simple(digest), annotations: {} }]),
      // The bundle by another key is still there, and came further.
      reason: 'has a signature that none of the trusted keys made, or that was changed since',
    },
  ])('leaves everything as it is for an image $name, and says why', async ({ attach, reason }) => {
    await attach(of('1.2.0'));
    const { code, before, after, stderr, stdout } = await update('1.2.0', BY_KEY);
    expect(after).toBe(before);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ImagePolicy apps/web: 1.2.0@${of('1.2.0')} ${reason}\n`);
    expect(stdout).toContain(`held web.yaml:11 (apps/web): 1.2.0@${of('1.2.0')} ${reason}\n`);
  });

  it('writes what a trusted identity signed', async () => {
    await attachBundle(of('1.3.0'), await sigstore.signBundle(of('1.3.0'), RELEASE));
    const { code, before, after, stderr } = await update('1.3.0', BY_IDENTITY);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(after).toBe(before.replace(':1.0.0', `:1.3.0@${of('1.3.0')}`));
  });

  it('does not write what somebody else signed', async () => {
    const other = { ...RELEASE, subject: 'https://ci.example.com/test' };
    await attachBundle(of('1.4.0'), await sigstore.signBundle(of('1.4.0'), other));
    const { code, before, after, stderr } = await update('1.4.0', BY_IDENTITY);
    expect(code).toBe(1);
    expect(after).toBe(before);
    expect(stderr).toContain(
      `is signed by ${other.subject} (issuer ${other.issuer}), whom matchOIDCIdentity does not name`,
    );
  });
});
