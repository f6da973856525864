import { createHash, generateKeyPairSync } from 'node:crypto';
import { initializeCA, initializeCTLog, initializeTLog } from '@sigstore/mock';
import type { SimpleSignature } from './attach.ts';
import {
  envelope,
  makeSigner,
  preAuthEncoding,
  signStatement,
  simplePayload,
  type Signer,
} from './cosign-signer.ts';

/** Who signs, as a certificate will say. */
export interface Identity {
  readonly subject: string;
  readonly issuer: string;
}

/** A Sigstore of its own: a certificate authority, a log of certificates and a transparency log, with real keys. */
export interface TestSigstore {
  /** `trusted_root.json` */
  readonly trustedRoot: string;
  /** Signs an image in cosign's first format. */
  signSimple(image: string, identity: Identity, how?: SigningFaults): Promise<SimpleSignature>;
  /** Signs an image into a bundle. */
  signBundle(image: string, identity: Identity, how?: SigningFaults): Promise<Buffer>;
}

/** What is to go wrong. */
export interface SigningFaults {
  /** Minutes after the certificate was issued; it is good for ten. */
  readonly loggedAfterMin?: number;
  /** The log says that something else was signed. */
  readonly logsOther?: boolean;
  /** What the signer signs instead of a statement about the image. */
  readonly payload?: Buffer;
}

/** OIDs of Fulcio's extension with the issuer, in its older and its newer form. */
const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1';
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';
const REKOR_URL = 'https://rekor.example.com';

/** The entry as Rekor's API gives it, as far as it is used. */
interface Entry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly treeSize: number;
      readonly rootHash: string;
      readonly hashes: readonly string[];
      readonly checkpoint: string;
    };
  };
}

/** Founds a Sigstore. */
export async function foundSigstore(now = new Date()): Promise<TestSigstore> {
  const keys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [caKeys, ctKeys, rekorKeys] = [keys(), keys(), keys()];
  const ctLog = await initializeCTLog(ctKeys, now);
  const ca = await initializeCA(caKeys, ctLog, now);

  async function issue(signer: Signer, { subject, issuer }: Identity): Promise<Buffer> {
    const publicKey = Buffer.from(signer.publicKey.replace(/-----.*-----|\s/g, ''), 'base64');
    const extensions = [
      { oid: ISSUER_V1, value: issuer, legacy: true },
      { oid: ISSUER_V2, value: issuer },
    ];
    const request = { publicKey: new Uint8Array(publicKey), subjectAltName: subject, extensions };
    return bufferOf(await ca.issueCertificate(request));
  }

  async function log(body: object, { loggedAfterMin = 1 }: SigningFaults): Promise<Entry> {
    const at = new Date(now.getTime() + loggedAfterMin * 60_000);
    const rekor = await initializeTLog(REKOR_URL, rekorKeys, at);
    const [entry] = Object.values((await rekor.log(body)) as Record<string, unknown>);
    return entry as Entry;
  }

  return {
    trustedRoot: JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [logOf(REKOR_URL, rekorKeys.publicKey.export({ type: 'spki', format: 'der' }), now)],
      certificateAuthorities: [
        {
          subject: { organization: 'example.com', commonName: 'sigstore' },
          uri: 'https://fulcio.example.com',
          certChain: {
            certificates: [{ rawBytes: bufferOf(ca.rootCertificate).toString('base64') }],
          },
          validFor: { start: now.toISOString() },
        },
      ],
      ctlogs: [logOf('https://ct.example.com', ctLog.publicKey, now)],
      timestampAuthorities: [],
    }),

    async signSimple(image, identity, how = {}) {
      const signer = makeSigner();
      const payload = how.payload ?? simplePayload(image);
      const signature = signer.sign(payload).toString('base64');
      const der = (await issue(signer, identity)).toString('base64');
      const certificate = `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`;
      const entry = await log(
        hashedRekord(how.logsOther === true ? Buffer.from('{}') : payload, signature, certificate),
        how,
      );
      const { body, integratedTime, logIndex, logID, verification } = entry;
      return {
        payload,
        annotations: {
          'dev.cosignproject.cosign/signature': signature,
          'dev.sigstore.cosign/certificate': certificate,
          'dev.sigstore.cosign/bundle': JSON.stringify({
            SignedEntryTimestamp: verification.signedEntryTimestamp,
            Payload: { body, integratedTime, logIndex, logID },
          }),
        },
      };
    },

    async signBundle(image, identity, how = {}) {
      const signer = makeSigner();
      const payload = how.payload ?? signStatement(image);
      const signature = signer.sign(preAuthEncoding(payload));
      const certificate = await issue(signer, identity);
      const logged = how.logsOther === true ? Buffer.from('{}') : payload;
      const entry = await log(dsseEntry(logged, signature, certificate), how);
      return Buffer.from(
        JSON.stringify({
          mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
          verificationMaterial: {
            certificate: { rawBytes: certificate.toString('base64') },
            tlogEntries: [tlogEntry(entry)],
          },
          dsseEnvelope: envelope(payload, signature),
        }),
      );
    },
  };
}

function logOf(baseUrl: string, publicKey: Buffer, now: Date): object {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: publicKey.toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: new Date(now.getTime() - 60_000).toISOString() },
    },
    logId: { keyId: createHash('sha256').update(publicKey).digest('base64') },
  };
}

function hashedRekord(payload: Buffer, signature: string, certificate: string): object {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256Hex(payload) } },
      signature: {
        content: signature,
        publicKey: { content: Buffer.from(certificate).toString('base64') },
      },
    },
  };
}

function dsseEntry(payload: Buffer, signature: Buffer, certificate: Buffer): object {
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      payloadHash: { algorithm: 'sha256', value: sha256Hex(payload) },
      signatures: [
        { signature: signature.toString('base64'), verifier: certificate.toString('base64') },
      ],
    },
  };
}

function tlogEntry({ body, integratedTime, logID, logIndex, verification }: Entry): object {
  const { kind, apiVersion } = JSON.parse(Buffer.from(body, 'base64').toString()) as {
    kind: string;
    apiVersion: string;
  };
  const { inclusionProof: proof, signedEntryTimestamp } = verification;
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp },
    inclusionProof: {
      logIndex: String(proof.logIndex),
      treeSize: String(proof.treeSize),
      rootHash: Buffer.from(proof.rootHash, 'hex').toString('base64'),
      hashes: proof.hashes.map((hash) => Buffer.from(hash, 'hex').toString('base64')),
      checkpoint: { envelope: proof.checkpoint },
    },
    canonicalizedBody: body,
  };
}

function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function bufferOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
