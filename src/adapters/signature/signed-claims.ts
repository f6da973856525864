import { z } from 'zod';
import { SIGN_PREDICATE } from '../../domain/signature/attached-signature.ts';

/** What cosign's first format signs. Its `docker-reference` is not used: a digest is the same in every registry. */
const SimpleSigning = z.object({
  critical: z.object({
    type: z.literal('cosign container image signature'),
    image: z.object({ 'docker-manifest-digest': z.string() }),
  }),
});

/** What a bundle of `cosign sign` signs: an in-toto statement, version 0.1 or 1. */
const SignStatement = z.object({
  _type: z.string().startsWith('https://in-toto.io/Statement/'),
  predicateType: z.literal(SIGN_PREDICATE),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })).max(64),
});

/** `payloadType` of an envelope that holds an in-toto statement. */
export const IN_TOTO = 'application/vnd.in-toto+json';

/** The image digest that a simple-signing payload names; undefined where it is no such payload. */
export function simpleSigningDigests(payload: Uint8Array): readonly string[] | undefined {
  const claim = SimpleSigning.safeParse(jsonOf(payload)).data;
  return claim && [claim.critical.image['docker-manifest-digest']];
}

/** The image digests that a sign statement names; undefined where it is no such statement. */
export function statementDigests(payload: Uint8Array): readonly string[] | undefined {
  const statement = SignStatement.safeParse(jsonOf(payload)).data;
  return statement?.subject.flatMap(({ digest }) =>
    Object.entries(digest).map(([algorithm, hex]) => `${algorithm}:${hex}`),
  );
}

/** The value of JSON bytes, or undefined. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}
