import { beforeAll, describe, expect, it } from 'vitest';
import type { AttachedSignature } from '../../../src/domain/signature/attached-signature.ts';
import type { TrustedIdentity } from '../../../src/domain/signature/signature-requirement.ts';
import { keyBundle, makeSigner, signStatement } from '../../support/signature/cosign-signer.ts';
import {
  foundSigstore,
  type SigningFaults,
  type TestSigstore,
} from '../../support/signature/sigstore.ts';
import { verifySignatures } from '../../support/signature/verify.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const GITHUB = 'https://token.actions.githubusercontent.com';
const RELEASE = {
  subject: 'https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1.0.0',
  issuer: GITHUB,
};
const TRUSTED: TrustedIdentity = {
  issuer: '^https://token\\.actions\\.githubusercontent\\.com$',
  subject: '^https://github\\.com/org/app/\\.github/workflows/release\\.yml@refs/tags/v',
};

let sigstore: TestSigstore;
let foreign: TestSigstore;
beforeAll(async () => {
  sigstore = await foundSigstore();
  foreign = await foundSigstore();
});

function requirement(...identities: readonly TrustedIdentity[]) {
  return {
    keys: [],
    identities: identities.length === 0 ? [TRUSTED] : identities,
    trustedRoot: { name: 'trusted_root.json of Secret apps/root', json: sigstore.trustedRoot },
  };
}

/** Signs in both formats. */
type Format = 'simple' | 'bundle';
async function sign(
  format: Format,
  {
    by = sigstore,
    image = IMAGE,
    identity = RELEASE,
    ...how
  }: SigningFaults & {
    by?: TestSigstore;
    image?: string;
    identity?: typeof RELEASE;
  } = {},
): Promise<AttachedSignature> {
  return format === 'simple'
    ? { kind: 'simple-signing', ...(await by.signSimple(image, identity, how)) }
    : { kind: 'bundle', json: await by.signBundle(image, identity, how) };
}

describe.each<Format>(['simple', 'bundle'])('a keyless signature in format %s', (format) => {
  it('by a trusted identity is accepted', async () => {
    expect(await verifySignatures(IMAGE, [await sign(format)], requirement())).toEqual({
      kind: 'verified',
      by: `signed by ${RELEASE.subject} (issuer ${GITHUB})`,
    });
  });

  it('is enough where one of several identities matches', async () => {
    const required = requirement({ issuer: 'gitlab', subject: 'app' }, TRUSTED);
    expect(await verifySignatures(IMAGE, [await sign(format)], required)).toMatchObject({
      kind: 'verified',
    });
  });

  it.each<{ name: string; identities: readonly TrustedIdentity[] }>([
    { name: 'another subject', identities: [{ ...TRUSTED, subject: 'org/other' }] },
    { name: 'another issuer', identities: [{ ...TRUSTED, issuer: '^https://gitlab\\.com$' }] },
    {
      name: 'issuer and subject of two entries',
      identities: [
        { issuer: TRUSTED.issuer, subject: 'nobody' },
        { issuer: 'nowhere', subject: TRUSTED.subject },
      ],
    },
  ])('is refused where the policy trusts $name', async ({ identities }) => {
    const verdict = await verifySignatures(IMAGE, [await sign(format)], requirement(...identities));
    expect(verdict).toEqual({
      kind: 'refused',
      reason: `is signed by ${RELEASE.subject} (issuer ${GITHUB}), whom matchOIDCIdentity does not name`,
    });
  });

  it.each<{ name: string; how: Parameters<typeof sign>[1]; reason: string }>([
    {
      name: 'of another image',
      how: { image: OTHER },
      reason: `has a signature for another image, ${OTHER}`,
    },
    {
      name: 'logged after its certificate had expired',
      how: { loggedAfterMin: 11 },
      reason: 'has a signature whose certificate was not valid at the time of signing',
    },
    {
      name: 'logged before its certificate was issued',
      how: { loggedAfterMin: -2 },
      reason: 'has a signature whose certificate was not valid at the time of signing',
    },
    {
      name: 'whose log entry is of something else',
      how: { logsOther: true },
      reason: 'has a signature that does not fit what it signs: one of the two was changed',
    },
  ])('is refused when $name', async ({ how, reason }) => {
    const verdict = await verifySignatures(IMAGE, [await sign(format, how)], requirement());
    expect(verdict).toEqual({ kind: 'refused', reason });
  });

  it('is refused when its certificate comes from another Sigstore', async () => {
    const signature = await sign(format, { by: foreign });
    expect(await verifySignatures(IMAGE, [signature], requirement())).toEqual({
      kind: 'refused',
      reason: 'has a signature whose certificate no trusted authority has issued and logged',
    });
  });

  it('is refused without its entry in the transparency log', async () => {
    const signature = await sign(format);
    expect(await verifySignatures(IMAGE, [withoutLog(signature)], requirement())).toEqual({
      kind: 'refused',
      reason: 'has a signature whose entry in the transparency log is missing or not proven',
    });
  });

  it('is no signature by key', async () => {
    const required = { keys: [{ name: 'k', pem: makeSigner().publicKey }], identities: [] };
    expect(await verifySignatures(IMAGE, [await sign(format)], required)).toEqual({
      kind: 'refused',
      reason: 'has a signature that none of the trusted keys made, or that was changed since',
    });
  });

  it('is enough where a key is trusted too', async () => {
    const keys = [{ name: 'k', pem: makeSigner().publicKey }];
    const verdict = await verifySignatures(IMAGE, [await sign(format)], {
      ...requirement(),
      keys,
    });
    expect(verdict).toMatchObject({ kind: 'verified' });
  });
});

describe('a bundle', () => {
  async function bundleJson(): Promise<BundleJson> {
    const json = await sigstore.signBundle(IMAGE, RELEASE);
    return JSON.parse(json.toString()) as BundleJson;
  }
  const judge = (bundle: BundleJson) =>
    verifySignatures(
      IMAGE,
      [{ kind: 'bundle', json: Buffer.from(JSON.stringify(bundle)) }],
      requirement(),
    );

  it('is refused when another log signed its checkpoint', async () => {
    const [bundle, other] = [await bundleJson(), await foreign.signBundle(IMAGE, RELEASE)];
    const entry = bundle.verificationMaterial.tlogEntries[0];
    const foreignEntry = (JSON.parse(other.toString()) as BundleJson).verificationMaterial
      .tlogEntries[0];
    if (entry === undefined || foreignEntry === undefined) throw new Error('no log entry');
    entry.inclusionProof = foreignEntry.inclusionProof;
    expect(await judge(bundle)).toEqual({
      kind: 'refused',
      reason: 'has a signature whose entry in the transparency log is missing or not proven',
    });
  });

  it('is refused when the log’s promise is forged', async () => {
    const bundle = await bundleJson();
    const entry = bundle.verificationMaterial.tlogEntries[0];
    if (entry === undefined) throw new Error('no log entry');
    entry.inclusionPromise.signedEntryTimestamp = makeSigner()
      .sign(Buffer.from('x'))
      .toString('base64');
    expect(await judge(bundle)).toMatchObject({
      kind: 'refused',
      reason: 'has a signature whose entry in the transparency log is missing or not proven',
    });
  });

  it('is refused when its statement was changed', async () => {
    const bundle = await bundleJson();
    bundle.dsseEnvelope.payload = signStatement(OTHER).toString('base64');
    expect(await judge(bundle)).toMatchObject({
      kind: 'refused',
      reason: 'has a signature that does not fit what it signs: one of the two was changed',
    });
  });

  it('cannot make the checkpoint’s name a pattern that takes for ever', async () => {
    const bundle = await bundleJson();
    const proof = bundle.verificationMaterial.tlogEntries[0]?.inclusionProof;
    if (proof === undefined) throw new Error('no log entry');
    const hostile = `${'(.*)*'.repeat(40)}!`;
    proof.checkpoint.envelope = proof.checkpoint.envelope.replace(/— \S+/, `— ${hostile}`);
    expect(await judge(bundle)).toEqual({
      kind: 'refused',
      reason: 'has a signature whose entry in the transparency log is missing or not proven',
    });
  });

  it('with a certificate that is no certificate is refused', async () => {
    const bundle = await bundleJson();
    bundle.verificationMaterial.certificate.rawBytes = Buffer.from('x').toString('base64');
    expect(await judge(bundle)).toMatchObject({
      kind: 'refused',
      reason: 'has a signature that cannot be read: its certificate or its log entry is malformed',
    });
  });

  it('is refused when a key made it and an identity is asked for', async () => {
    const json = keyBundle(makeSigner(), signStatement(IMAGE));
    expect(await verifySignatures(IMAGE, [{ kind: 'bundle', json }], requirement())).toEqual({
      kind: 'refused',
      reason: 'is signed with a key, and only an identity is trusted',
    });
  });
});

describe('a trusted root', () => {
  it.each([
    { name: 'no JSON', json: '<html>' },
    { name: 'JSON of something else', json: '{"keys":[]}' },
    { name: 'a root without a log', json: '' },
  ])('that is $name is an error', async ({ json }) => {
    const { tlogs: _none, ...rest } = JSON.parse(sigstore.trustedRoot) as Record<string, unknown>;
    const required = {
      ...requirement(),
      trustedRoot: {
        name: 'trusted_root.json of Secret apps/root',
        json: json === '' ? JSON.stringify(rest) : json,
      },
    };
    await expect(verifySignatures(IMAGE, [await sign('bundle')], required)).rejects.toMatchObject({
      code: 'secret/invalid',
      message:
        'trusted_root.json of Secret apps/root is not a Sigstore trusted root; `cosign trusted-root create` makes one',
    });
  });

  it('of the public Sigstore that cannot be had is an error that is worth trying again', async () => {
    const { trustedRoot: _none, ...required } = requirement();
    await expect(verifySignatures(IMAGE, [await sign('bundle')], required)).rejects.toMatchObject({
      code: 'signature/no-trusted-root',
      retry: true,
      message: expect.stringMatching(
        /^cannot fetch Sigstore's trusted root from 127\.0\.0\.1:9 .*set verify\.cosign\.trustedRootSecretRef$/,
      ) as string,
    });
  });

  it('of the public Sigstore is not asked for where no certificate is to be judged', async () => {
    const { trustedRoot: _none, ...required } = requirement();
    expect(await verifySignatures(IMAGE, [], required)).toMatchObject({ kind: 'refused' });
  });
});

interface BundleJson {
  verificationMaterial: {
    certificate: { rawBytes: string };
    tlogEntries: {
      inclusionPromise: { signedEntryTimestamp: string };
      inclusionProof: { checkpoint: { envelope: string } };
    }[];
  };
  dsseEnvelope: { payload: string };
}

function withoutLog(signature: AttachedSignature): AttachedSignature {
  if (signature.kind === 'simple-signing') {
    const { 'dev.sigstore.cosign/bundle': _log, ...annotations } = signature.annotations;
    return { ...signature, annotations };
  }
  const bundle = JSON.parse(Buffer.from(signature.json).toString()) as BundleJson;
  bundle.verificationMaterial.tlogEntries = [];
  return { kind: 'bundle', json: Buffer.from(JSON.stringify(bundle)) };
}
