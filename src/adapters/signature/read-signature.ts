import { bundleFromJSON, isBundleWithPublicKey, type Bundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import {
  SIMPLE_SIGNING_ANNOTATIONS,
  type AttachedSignature,
} from '../../domain/signature/attached-signature.ts';
import type { SignatureFault } from '../../domain/signature/signature-verdict.ts';
import { IN_TOTO, jsonOf, simpleSigningDigests, statementDigests } from './signed-claims.ts';
import { bundleOfSimpleSigning } from './simple-signing-bundle.ts';

/** A signature of either format, taken apart. Nothing of it is proven. */
export interface ReadSignature {
  /** The bytes that are signed. */
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  /** Image digests that `content` names. */
  readonly digests: readonly string[];
  /** With a certificate and its proofs; undefined for a signature by key. */
  readonly bundle: Bundle | undefined;
}

/** Takes a signature apart. Attestations are none: what they say of an image need not be good. */
export function readSignature(attached: AttachedSignature): ReadSignature | SignatureFault {
  return attached.kind === 'bundle' ? readBundle(attached.json) : readSimpleSigning(attached);
}

function readSimpleSigning({
  payload,
  annotations,
}: Extract<AttachedSignature, { kind: 'simple-signing' }>): ReadSignature | SignatureFault {
  const digests = simpleSigningDigests(payload);
  if (digests === undefined) return unreadable('its payload is not one of cosign');
  const text = annotations[SIMPLE_SIGNING_ANNOTATIONS.signature] ?? '';
  const signature = Buffer.from(text, 'base64');
  if (signature.length === 0) return unreadable('the signature itself is missing');
  if (annotations[SIMPLE_SIGNING_ANNOTATIONS.certificate] === undefined)
    return { content: payload, signature, digests, bundle: undefined };
  const bundle = bundleOfSimpleSigning({ payload, signature, annotations });
  if (bundle === undefined) return unreadable('its certificate or its log entry is malformed');
  return { content: payload, signature, digests, bundle };
}

function readBundle(json: Uint8Array): ReadSignature | SignatureFault {
  const bundle = parseBundle(json);
  if (bundle === undefined) return unreadable('it is not a Sigstore bundle');
  if (bundle.content.$case !== 'dsseEnvelope') return unreadable('its bundle has no statement');
  const { payload, payloadType, signatures } = bundle.content.dsseEnvelope;
  const digests = payloadType === IN_TOTO ? statementDigests(payload) : undefined;
  if (digests === undefined) return unreadable('it attests something else than cosign sign does');
  return {
    content: dsse.preAuthEncoding(payloadType, payload),
    signature: signatures[0]?.sig ?? new Uint8Array(),
    digests,
    bundle: isBundleWithPublicKey(bundle) ? undefined : bundle,
  };
}

function parseBundle(json: Uint8Array): Bundle | undefined {
  try {
    return bundleFromJSON(jsonOf(json));
  } catch {
    return undefined; // the parser throws whatever it stumbles over
  }
}

function unreadable(what: string): SignatureFault {
  return { kind: 'Unreadable', what };
}
