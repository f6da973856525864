import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AttachedSignature } from '../../../src/domain/signature/attached-signature.ts';
import {
  keyBundle,
  makeSigner,
  signStatement,
  simplePayload,
  type KeyKind,
  type Signer,
} from '../../support/signature/cosign-signer.ts';
import { verifySignatures } from '../../support/signature/verify.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;

function simple(signer: Signer, payload: Buffer): AttachedSignature {
  const signature = signer.sign(payload).toString('base64');
  return {
    kind: 'simple-signing',
    payload,
    annotations: { 'dev.cosignproject.cosign/signature': signature },
  };
}

function bundle(signer: Signer, payload: Buffer): AttachedSignature {
  return { kind: 'bundle', json: keyBundle(signer, payload) };
}

function requirement(...signers: readonly Signer[]) {
  const keys = signers.map(({ publicKey }, index) => ({ name: `key ${index}`, pem: publicKey }));
  return { keys, identities: [] };
}

describe.each<KeyKind>(['P-256', 'P-384', 'P-384 with SHA-256', 'RSA', 'Ed25519'])(
  'a signature with a key of kind %s',
  (kind) => {
    const signer = makeSigner(kind);

    it('of cosign’s first format is accepted', async () => {
      const signatures = [simple(signer, simplePayload(IMAGE))];
      expect(await verifySignatures(IMAGE, signatures, requirement(signer))).toEqual({
        kind: 'verified',
        by: 'signed with key 0',
      });
    });

    it('in a bundle is accepted', async () => {
      const signatures = [bundle(signer, signStatement(IMAGE))];
      expect(await verifySignatures(IMAGE, signatures, requirement(signer))).toEqual({
        kind: 'verified',
        by: 'signed with key 0',
      });
    });

    it('is refused when another key of the kind is trusted', async () => {
      const other = requirement(makeSigner(kind));
      for (const signature of [
        simple(signer, simplePayload(IMAGE)),
        bundle(signer, signStatement(IMAGE)),
      ]) {
        expect(await verifySignatures(IMAGE, [signature], other)).toEqual({
          kind: 'refused',
          reason: 'has a signature that none of the trusted keys made, or that was changed since',
        });
      }
    });
  },
);

describe('signatures by key', () => {
  const signer = makeSigner();
  const required = requirement(signer);

  it('are enough where one of several is by one of several keys', async () => {
    const signatures = [
      simple(makeSigner(), simplePayload(IMAGE)),
      bundle(signer, signStatement(IMAGE)),
    ];
    const keys = requirement(makeSigner('RSA'), signer);
    expect(await verifySignatures(IMAGE, signatures, keys)).toEqual({
      kind: 'verified',
      by: 'signed with key 1',
    });
  });

  it.each<{ name: string; signature: AttachedSignature; reason: string | RegExp }>([
    {
      name: 'a signature of another image',
      signature: simple(signer, simplePayload(OTHER)),
      reason: `has a signature for another image, ${OTHER}`,
    },
    {
      name: 'a bundle of another image',
      signature: bundle(signer, signStatement(OTHER)),
      reason: `has a signature for another image, ${OTHER}`,
    },
    {
      name: 'a payload that names this image under a signature of another',
      signature: {
        ...simple(signer, simplePayload(OTHER)),
        kind: 'simple-signing',
        payload: simplePayload(IMAGE),
      } as AttachedSignature,
      reason: /none of the trusted keys made, or that was changed since/,
    },
    {
      name: 'a payload that was changed and names another image',
      signature: {
        ...simple(signer, simplePayload(IMAGE)),
        kind: 'simple-signing',
        payload: simplePayload(OTHER),
      } as AttachedSignature,
      reason: 'has a signature that does not fit what it signs: one of the two was changed',
    },
    {
      name: 'a statement that was changed within its bundle',
      signature: {
        kind: 'bundle',
        json: Buffer.from(
          keyBundle(signer, signStatement(OTHER))
            .toString()
            .replace(
              signStatement(OTHER).toString('base64'),
              signStatement(IMAGE).toString('base64'),
            ),
        ),
      },
      reason: /none of the trusted keys made, or that was changed since/,
    },
    {
      name: 'a layer whose signature was taken away',
      signature: { kind: 'simple-signing', payload: simplePayload(IMAGE), annotations: {} },
      reason: 'has a signature that cannot be read: the signature itself is missing',
    },
    {
      name: 'a payload of another kind, properly signed',
      signature: simple(
        signer,
        simplePayload(IMAGE, {
          critical: {
            image: { 'docker-manifest-digest': IMAGE },
            type: 'atomic container signature',
          },
        }),
      ),
      reason: 'has a signature that cannot be read: its payload is not one of cosign',
    },
    {
      name: 'an attestation, properly signed',
      signature: bundle(signer, signStatement(IMAGE, 'https://slsa.dev/provenance/v1')),
      reason:
        'has a signature that cannot be read: it attests something else than cosign sign does',
    },
    {
      name: 'a bundle that is no JSON',
      signature: { kind: 'bundle', json: Buffer.from('<html>') },
      reason: 'has a signature that cannot be read: it is not a Sigstore bundle',
    },
  ])('refuse $name', async ({ signature, reason }) => {
    const verdict = await verifySignatures(IMAGE, [signature], required);
    expect(verdict).toEqual({
      kind: 'refused',
      reason: typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string),
    });
  });

  it('refuse an image without any', async () => {
    expect(await verifySignatures(IMAGE, [], required)).toEqual({
      kind: 'refused',
      reason: 'has no signature',
    });
  });

  it('tell of the signature that came furthest', async () => {
    const signatures = [
      simple(makeSigner(), simplePayload(IMAGE)),
      simple(signer, simplePayload(OTHER)),
      { kind: 'bundle' as const, json: Buffer.from('{}') },
    ];
    expect(await verifySignatures(IMAGE, signatures, required)).toEqual({
      kind: 'refused',
      reason: `has a signature for another image, ${OTHER}`,
    });
  });

  it.each([
    { name: 'no PEM', pem: 'cosign', fault: 'is not a public key in PEM' },
    {
      name: 'a private key',
      pem: signer.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      fault: 'is not a public key in PEM',
    },
    {
      name: 'a broken key',
      pem: signer.publicKey.replace(/.{20}\n-----END/, '\n-----END'),
      fault: 'is not a public key in PEM',
    },
    {
      name: 'a short RSA key',
      pem: generateKeyPairSync('rsa', { modulusLength: 1024 })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
      fault: 'is a key of a kind that is not supported',
    },
    {
      name: 'a key for another purpose',
      pem: generateKeyPairSync('x25519')
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
      fault: 'is a key of a kind that is not supported',
    },
  ])('cannot be checked by $name, and say so', async ({ pem, fault }) => {
    const error: unknown = await verifySignatures(IMAGE, [], {
      keys: [{ name: 'cosign.pub of Secret apps/keys', pem }],
      identities: [],
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'secret/invalid',
      message: expect.stringMatching(
        new RegExp(`^cosign\\.pub of Secret apps/keys ${fault}`),
      ) as string,
    });
    expect(String(error)).not.toContain('PRIVATE');
  });
});
