import type { ImagePolicySpec } from '../../api/image-policy.ts';
import { AppError } from '../errors.ts';
import { compilePattern } from '../selection/pattern/tag-pattern.ts';

/** `spec.verify.cosign`. */
export type CosignSpec = NonNullable<NonNullable<ImagePolicySpec['verify']>['cosign']>;

/** A public key to trust. */
export interface TrustedKey {
  /** Where it stands, for people: `cosign.pub of Secret apps/keys`. */
  readonly name: string;
  readonly pem: string;
}

/** Patterns for who may have signed (RE2). */
export interface TrustedIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** What a policy demands: a signature by one of the keys, or by one of the identities. Plain JSON. */
export interface SignatureRequirement {
  readonly keys: readonly TrustedKey[];
  readonly identities: readonly TrustedIdentity[];
  /** Of a private Sigstore; absent: the public one. */
  readonly trustedRoot?: { readonly name: string; readonly json: string };
}

/** A Secret's name and values. */
export interface NamedSecret {
  /** `namespace/name` */
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Who signed, as a certificate says. */
export interface SignerIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** Key of the Secret that `trustedRootSecretRef` names, as in Flux. */
export const TRUSTED_ROOT_KEY = 'trusted_root.json';

const MAX_KEYS = 32;
/** A PEM public key of RSA 4096 has 800 characters. */
const MAX_KEY_CHARS = 16 * 1024;
/** Sigstore's own root has 7 KiB. */
const MAX_ROOT_CHARS = 1024 * 1024;
/** Names in certificates are short; the patterns' time grows with their length. */
const MAX_IDENTITY_CHARS = 1024;

/**
 * The requirement that a spec and its Secrets amount to.
 * @throws AppError `secret/invalid`
 */
export function signatureRequirement(
  { matchOIDCIdentity = [] }: CosignSpec,
  secrets: { readonly keys?: NamedSecret; readonly trustedRoot?: NamedSecret },
): SignatureRequirement {
  return {
    keys: secrets.keys === undefined ? [] : keysIn(secrets.keys),
    identities: matchOIDCIdentity,
    ...(secrets.trustedRoot === undefined ? {} : { trustedRoot: rootIn(secrets.trustedRoot) }),
  };
}

function keysIn({ name, values }: NamedSecret): readonly TrustedKey[] {
  const keys = Object.keys(values)
    .filter((key) => key.endsWith('.pub'))
    .toSorted()
    .map((key) => ({ name: `${key} of Secret ${name}`, pem: values[key] ?? '' }));
  if (keys.length === 0) {
    throw new AppError(
      'secret/invalid',
      `Secret ${name} has no public key: name its entries *.pub, such as cosign.pub`,
    );
  }
  if (keys.length > MAX_KEYS || keys.some(({ pem }) => pem.length > MAX_KEY_CHARS)) {
    throw new AppError(
      'secret/invalid',
      `Secret ${name} has more than ${MAX_KEYS} public keys, or one of more than ${MAX_KEY_CHARS} characters`,
    );
  }
  return keys;
}

function rootIn({ name, values }: NamedSecret): { readonly name: string; readonly json: string } {
  const json = values[TRUSTED_ROOT_KEY];
  if (json === undefined || json.length > MAX_ROOT_CHARS) {
    const fault = json === undefined ? 'has no' : 'has too large a';
    throw new AppError('secret/invalid', `Secret ${name} ${fault} ${TRUSTED_ROOT_KEY}`);
  }
  return { name: `${TRUSTED_ROOT_KEY} of Secret ${name}`, json };
}

/**
 * Is the signer one of those that are trusted? Patterns match anywhere in the text, as in Flux; issuer
 * and subject have to match the same entry.
 * @throws AppError `policy/invalid-pattern`
 */
export function isTrustedIdentity(
  signer: SignerIdentity,
  identities: readonly TrustedIdentity[],
): boolean {
  if (signer.issuer.length > MAX_IDENTITY_CHARS || signer.subject.length > MAX_IDENTITY_CHARS)
    return false;
  return identities.some(
    ({ issuer, subject }) =>
      compilePattern(issuer, 'issuer').test(signer.issuer) &&
      compilePattern(subject, 'subject').test(signer.subject),
  );
}
