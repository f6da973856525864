import { createHash } from 'node:crypto';
import { BUNDLE_V01_MEDIA_TYPE, bundleFromJSON, type Bundle } from '@sigstore/bundle';
import { pem } from '@sigstore/core';
import { z } from 'zod';
import { SIMPLE_SIGNING_ANNOTATIONS } from '../../domain/signature/attached-signature.ts';

/** Cosign's SIGNATURE_SPEC: the log's promise to include an entry, and the entry. */
const LogEntry = z.object({
  SignedEntryTimestamp: z.string(),
  Payload: z.object({
    body: z.string(),
    integratedTime: z.int(),
    logIndex: z.int(),
    logID: z.string().regex(/^[0-9a-f]+$/),
  }),
});
const LogBody = z.object({ kind: z.string(), apiVersion: z.string() });
const Timestamp = z.object({ SignedRFC3161Timestamp: z.string() });

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/;

/**
 * A keyless signature of cosign's first format as a bundle, so that one verifier serves both.
 * @returns undefined where an annotation is malformed; one that is missing is the verifier's business
 */
export function bundleOfSimpleSigning(parts: {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}): Bundle | undefined {
  const { payload, signature, annotations } = parts;
  const { certificate, logEntry, timestamp } = SIMPLE_SIGNING_ANNOTATIONS;
  try {
    return bundleFromJSON({
      mediaType: BUNDLE_V01_MEDIA_TYPE,
      verificationMaterial: {
        x509CertificateChain: { certificates: [leafOf(annotations[certificate])] },
        tlogEntries: optional(annotations[logEntry], tlogEntry),
        timestampVerificationData: {
          rfc3161Timestamps: optional(annotations[timestamp], (text) => ({
            signedTimestamp: Timestamp.parse(JSON.parse(text)).SignedRFC3161Timestamp,
          })),
        },
      },
      messageSignature: {
        messageDigest: {
          algorithm: 'SHA2_256',
          digest: createHash('sha256').update(payload).digest('base64'),
        },
        signature: Buffer.from(signature).toString('base64'),
      },
    });
  } catch {
    return undefined;
  }
}

/** The certificate's issuers come from the trusted root; the chain beside it proves nothing. */
function leafOf(text = ''): { readonly rawBytes: string } {
  return { rawBytes: pem.toDER(CERTIFICATE.exec(text)?.[0] ?? '').toString('base64') };
}

function tlogEntry(text: string): object {
  const { SignedEntryTimestamp, Payload } = LogEntry.parse(JSON.parse(text));
  const body = LogBody.parse(JSON.parse(Buffer.from(Payload.body, 'base64').toString()));
  return {
    logIndex: String(Payload.logIndex),
    logId: { keyId: Buffer.from(Payload.logID, 'hex').toString('base64') },
    kindVersion: { kind: body.kind, version: body.apiVersion },
    integratedTime: String(Payload.integratedTime),
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    canonicalizedBody: Payload.body,
  };
}

function optional<T>(text: string | undefined, read: (text: string) => T): readonly T[] {
  return text === undefined ? [] : [read(text)];
}
