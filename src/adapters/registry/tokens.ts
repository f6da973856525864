import { z } from 'zod';
import { encodeBasic } from '../../connections/encode-basic.ts';
import type { Clock } from '../../ports/ports.ts';
import { parseJson } from '../../domain/parse-json.ts';
import type { Call, HttpRequest, HttpResponse } from './call.ts';
import { type Challenge, challengeKey } from './challenge.ts';
import { identityKey, IDENTITY_USERNAME } from './credentials.ts';
import { mayFollow } from './endpoint.ts';
import { badResponse, statusError } from './errors.ts';
import type { HostProfile } from './known-registries.ts';
import { createSingleFlight } from './single-flight.ts';
import type { Transport } from './transport.ts';

type BearerChallenge = Extract<Challenge, { kind: 'bearer' }>;

/** Distribution token specification: a minute where the service names no life. */
const DEFAULT_LIFE_S = 60;
const MAX_LIFE_S = 24 * 60 * 60;
/** A token is not used in the last tenth of its life, so that it does not end on the way. */
const USED_PART_OF_LIFE = 0.9;
const MAX_TOKEN_BYTES = 1024 * 1024;
const CLIENT_ID = 'lockkeeper';

const TokenAnswer = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.number().positive().catch(DEFAULT_LIFE_S),
});

/** Access tokens, fetched where needed and kept per (realm, service, scope, identity). */
export interface Tokens {
  /**
   * A token that answers a challenge; several calls that need the same one fetch it together.
   * @param refused the token that the registry takes no more, which is not given again
   * @throws AppError
   */
  get(challenge: BearerChallenge, call: Call, refused: string | undefined): Promise<Token>;
}

/** A token; `isNew` when it was fetched for this call. */
export interface Token {
  readonly value: string;
  readonly isNew: boolean;
}

interface KeptToken {
  readonly value: string;
  readonly endsAt: number;
}

/** What tokens need from outside. */
export interface TokenOptions {
  readonly clock: Clock;
  readonly profileOf: (host: string) => HostProfile;
}

/** Tokens behind one transport. Wrong credentials fail here; they never turn into an anonymous token. */
export function createTokens(transport: Transport, { clock, profileOf }: TokenOptions): Tokens {
  const kept = new Map<string, KeptToken>();
  const shared = createSingleFlight<string>();

  const now = () => clock.now().getTime();

  function forgetEnded(): void {
    for (const [key, { endsAt }] of kept) if (endsAt <= now()) kept.delete(key);
  }

  async function request(challenge: BearerChallenge, call: Call): Promise<HttpResponse> {
    if (call.credentials.kind === 'identity') {
      const response = await transport.send(oauthRequest(challenge, call), call);
      if (response.status !== 404 && response.status !== 405) return response;
    }
    return transport.send(getRequest(challenge, call), call);
  }

  /** Where the registry names no scope, we ask for one, and a token serves that repository alone. */
  function keyOf(challenge: BearerChallenge, call: Call): string {
    const { anonymousTokenIsShared } = profileOf(call.base.host);
    const isShared = anonymousTokenIsShared && call.credentials.kind === 'anonymous';
    const scope = isShared ? '*' : tokenScope(challenge, call);
    return `${challengeKey({ ...challenge, scope })} ${identityKey(call.credentials)}`;
  }

  async function fetchToken(challenge: BearerChallenge, call: Call, key: string): Promise<string> {
    const response = await request(challenge, call);
    if (response.status !== 200) throw statusError(response, call, clock.now(), 'login');
    const { value, lifeMs } = parseToken(response, call);
    kept.set(key, { value, endsAt: now() + lifeMs });
    return value;
  }

  return {
    async get(challenge, call, refused) {
      if (!mayFollow(challenge.realm, call.base, call.access.insecure))
        throw badResponse(
          call,
          `the registry wants credentials sent to ${challenge.realm.origin}: plain HTTP or a private address`,
        );
      const key = keyOf(challenge, call);
      forgetEnded();
      const known = kept.get(key)?.value;
      if (known !== undefined && known !== refused) return { value: known, isNew: false };
      const value = await shared(key, call, () => fetchToken(challenge, call, key));
      return { value, isNew: true };
    },
  };
}

function parseToken(
  response: HttpResponse,
  call: Call,
): { readonly value: string; readonly lifeMs: number } {
  const answer = TokenAnswer.safeParse(parseJson(response.body.toString())).data;
  const value = answer?.token || answer?.access_token;
  if (answer === undefined || !value || !/^[\x21-\x7e]+$/.test(value))
    throw badResponse(call, `the token service ${response.url.host} gave no token`);
  const lifeS = Math.min(answer.expires_in, MAX_LIFE_S);
  return { value, lifeMs: lifeS * 1000 * USED_PART_OF_LIFE };
}

function tokenScope(challenge: BearerChallenge, call: Call): string {
  return challenge.scope ?? `repository:${call.path}:pull`;
}

/** Distribution token specification. A scope header may hold several, separated by spaces. */
function getRequest(challenge: BearerChallenge, call: Call): HttpRequest {
  const url = new URL(challenge.realm);
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  for (const scope of tokenScope(challenge, call).split(' ').filter(Boolean))
    url.searchParams.append('scope', scope);
  const authorization = tokenAuthorization(call);
  return { method: 'GET', url, headers: {}, authorization, maxBytes: MAX_TOKEN_BYTES };
}

function tokenAuthorization({ credentials }: Call): string | undefined {
  if (credentials.kind === 'basic') return `Basic ${encodeBasic(credentials)}`;
  if (credentials.kind === 'identity')
    return `Basic ${encodeBasic({ username: credentials.username || IDENTITY_USERNAME, password: credentials.token })}`;
  return undefined;
}

/** Distribution OAuth 2 token specification, grant `refresh_token`. */
function oauthRequest(challenge: BearerChallenge, call: Call): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    scope: tokenScope(challenge, call),
    ...(challenge.service === undefined ? {} : { service: challenge.service }),
    ...(call.credentials.kind === 'identity' ? { refresh_token: call.credentials.token } : {}),
  });
  return {
    method: 'POST',
    url: challenge.realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    maxBytes: MAX_TOKEN_BYTES,
  };
}
