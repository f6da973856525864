import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { ImageReceiverSpec } from '../../api/image-receiver.ts';
import { AppError } from '../../domain/errors.ts';
import type { PushHeaders } from '../../ports/push.ts';

/** Google's issuer and the keys that it signs identity tokens with (its OpenID discovery document). */
export const GOOGLE: TokenIssuer = {
  issuers: ['https://accounts.google.com', 'accounts.google.com'],
  keys: new URL('https://www.googleapis.com/oauth2/v3/certs'),
};

/** Who signs identity tokens, and where its keys are. */
export interface TokenIssuer {
  readonly issuers: readonly string[];
  readonly keys: URL;
}

/** Bounds on asking for keys: how long, and how often at most when a token names an unknown one. */
const KEYS = { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };

/** Clocks of two machines may differ by this much, in s. */
const CLOCK_TOLERANCE = 30;

type Identity = NonNullable<ImageReceiverSpec['identity']>;

/**
 * Checks identity tokens (OpenID Connect): issuer, audience, expiry, signature by one of the issuer's
 * keys, and the verified e-mail address that stands for the service account. Keys are kept and asked for
 * again when they are old, or when a token names another.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export class IdentityTokens {
  readonly #verify: Verify;

  constructor(issuer: TokenIssuer) {
    this.#verify = createVerify(issuer);
  }

  /** @throws AppError `registry/unreachable` when the keys cannot be had */
  async proves(identity: Identity, headers: PushHeaders): Promise<boolean> {
    const [, token] = /^bearer +(\S+)$/i.exec(headers['authorization'] ?? '') ?? [];
    return token !== undefined && this.#verify(token, identity);
  }
}

type Verify = (token: string, identity: Identity) => Promise<boolean>;

/** A token at fault, as opposed to keys that cannot be had. */
const FAULTS = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
];

/** No request is made until a token asks for a key. */
function createVerify({ issuers, keys }: TokenIssuer): Verify {
  const keySet = createRemoteJWKSet(keys, KEYS);
  return async (token, { audience, email }) => {
    try {
      const { payload } = await jwtVerify(token, keySet, {
        issuer: [...issuers],
        audience,
        algorithms: ['RS256', 'ES256'],
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE,
      });
      return payload['email'] === email && payload['email_verified'] === true;
    } catch (cause) {
      if (FAULTS.some((fault) => cause instanceof fault)) return false;
      const message = `the keys of ${keys.host} cannot be had`;
      throw new AppError('registry/unreachable', message, { retry: true, cause });
    }
  };
}
