import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A pair of keys that signs as cosign does. */
export interface Signer {
  /** PEM, as `cosign.pub` has it. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
  sign(content: Buffer): Buffer;
}

/** Kinds of keys that cosign signs with. */
export type KeyKind = 'P-256' | 'P-384' | 'P-384 with SHA-256' | 'RSA' | 'Ed25519';

/** Makes a new pair of keys. */
export function makeSigner(kind: KeyKind = 'P-256'): Signer {
  const { publicKey, privateKey } = keyPair(kind);
  const hash = kind === 'Ed25519' ? null : kind === 'P-384' ? 'sha384' : 'sha256';
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey,
    sign: (content) => sign(hash, content, privateKey),
  };
}

function keyPair(kind: KeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: kind.slice(0, 5) });
}

/** The payload that cosign's first format signs. */
export function simplePayload(digest: string, more: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': 'registry.example.com/team/app' },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
      ...more,
    }),
  );
}

/** The in-toto statement that `cosign sign` signs into a bundle. */
export function signStatement(
  digest: string,
  predicateType = 'https://sigstore.dev/cosign/sign/v1',
): Buffer {
  const [algorithm = '', hex = ''] = digest.split(':');
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { [algorithm]: hex }, annotations: {} }],
      predicateType,
      predicate: {},
    }),
  );
}

/** `payloadType` of an in-toto statement. */
export const IN_TOTO = 'application/vnd.in-toto+json';

/** What is signed of a DSSE envelope (DSSE protocol, pre-authentication encoding). */
export function preAuthEncoding(payload: Buffer, payloadType = IN_TOTO): Buffer {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** A bundle as `cosign sign --key` writes it without a transparency log. */
export function keyBundle(signer: Signer, payload: Buffer): Buffer {
  const hint = createHash('sha256').update(signer.publicKey).digest('base64');
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint } },
      dsseEnvelope: envelope(payload, signer.sign(preAuthEncoding(payload))),
    }),
  );
}

/** A DSSE envelope as bundles have it. */
export function envelope(payload: Buffer, signature: Buffer): object {
  return {
    payload: payload.toString('base64'),
    payloadType: IN_TOTO,
    signatures: [{ sig: signature.toString('base64') }],
  };
}
