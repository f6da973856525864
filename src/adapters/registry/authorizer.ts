import type { Clock } from '../../ports.ts';
import type { Call, HttpRequest, HttpResponse } from './call.ts';
import { type Challenge, chooseChallenge, isSameChallenge } from './challenge.ts';
import { encodeBasic, identityKey } from './credentials.ts';
import { statusError } from './errors.ts';
import { createTokens } from './tokens.ts';
import type { Transport } from './transport.ts';

/** Challenges answered within one request: a first one, one for another scope, and one to spare. */
const MAX_CHALLENGES = 3;

/** Requests to a registry, with whatever authorization it asks for. */
export interface Authorizer {
  /**
   * Sends a request and answers challenges.
   * @returns the answer, whatever its status except 401
   * @throws AppError `registry/unauthorized` and those of {@link Transport}
   */
  send(request: HttpRequest, call: Call): Promise<HttpResponse>;
}

/** The answer to a challenge; `isNew` unless it comes from an earlier request. */
interface Grant {
  readonly challenge: Challenge;
  readonly authorization: string;
  readonly isNew: boolean;
}

/** An authorizer that remembers each repository's challenge, so that later requests need no 401 first. */
export function createAuthorizer(transport: Transport, clock: Clock): Authorizer {
  const tokens = createTokens(transport, clock);
  const challenges = new Map<string, Challenge>();

  async function grantFor(
    challenge: Challenge,
    call: Call,
    renew: boolean,
  ): Promise<Grant | undefined> {
    const { credentials } = call;
    // Such a token is the whole answer; without this, a refused one would give way to an anonymous one.
    if (credentials.kind === 'registry-token') return undefined;
    if (challenge.kind === 'bearer') {
      const token = await tokens.get(challenge, call, renew);
      call.secrets.add(token);
      return { challenge, authorization: `Bearer ${token}`, isNew: renew };
    }
    if (credentials.kind !== 'basic') return undefined;
    const basic = encodeBasic(credentials.username, credentials.password);
    return { challenge, authorization: `Basic ${basic}`, isNew: true };
  }

  /** The answer to a 401, or undefined when there is none left to give. */
  async function answer(
    response: HttpResponse,
    call: Call,
    given: Grant | undefined,
  ): Promise<Grant | undefined> {
    const challenge = challengeOf(response, call);
    if (challenge === undefined) return undefined;
    if (given?.isNew === true && isSameChallenge(given.challenge, challenge)) return undefined;
    return grantFor(challenge, call, true);
  }

  return {
    async send(request, call) {
      const key = `${call.base.href} ${identityKey(call.credentials)}`;
      const remembered = challenges.get(key);
      let grant = remembered && (await grantFor(remembered, call, false));
      for (let answered = 0; ; answered++) {
        const authorization = grant?.authorization ?? givenToken(call);
        const response = await transport.send({ ...request, authorization }, call);
        if (response.status !== 401) return response;
        grant = answered < MAX_CHALLENGES ? await answer(response, call, grant) : undefined;
        if (grant === undefined) throw statusError(response, call, clock.now());
        challenges.set(key, grant.challenge);
      }
    },
  };
}

/** A token that the user gave for the registry itself goes along from the start. */
function givenToken({ credentials }: Call): string | undefined {
  return credentials.kind === 'registry-token' ? `Bearer ${credentials.token}` : undefined;
}

/** What the registry asks for; nothing when it redirected us and another host asks. */
function challengeOf(response: HttpResponse, call: Call): Challenge | undefined {
  if (response.url.origin !== call.base.origin) return undefined;
  return chooseChallenge(response.header('www-authenticate') ?? '');
}
