import { encodeBasic } from '../../connections/encode-basic.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Call, HttpRequest, HttpResponse } from './call.ts';
import { type Challenge, chooseChallenge, isSameChallenge } from './challenge.ts';
import { identityKey } from './credentials.ts';
import { statusError } from './errors.ts';
import { createTokens, type TokenOptions, type Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

/** Challenges answered within one request: a first one, one for another scope, and one to spare. */
const MAX_CHALLENGES = 3;

/** Challenges remembered; logins that change every few hours leave old ones behind. */
const MAX_CHALLENGES_KEPT = 10_000;

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
  readonly token?: string;
  readonly isNew: boolean;
}

/** An authorizer that remembers each repository's challenge, so that later requests need no 401 first. */
export function createAuthorizer(transport: Transport, options: TokenOptions): Authorizer {
  const tokens = createTokens(transport, options);
  const challenges = new BoundedMap<string, Challenge>(MAX_CHALLENGES_KEPT);

  /** The answer to a 401, or undefined when there is none left to give. */
  async function answer(
    response: HttpResponse,
    call: Call,
    given: Grant | undefined,
  ): Promise<Grant | undefined> {
    const challenge = challengeOf(response, call);
    if (challenge === undefined) return undefined;
    if (given?.isNew === true && isSameChallenge(given.challenge, challenge)) return undefined;
    return grantFor(challenge, call, tokens, given?.token);
  }

  /** A registry may move to another token service: what fails is not tried that way again. */
  async function grantAsBefore(key: string, call: Call): Promise<Grant | undefined> {
    const remembered = challenges.get(key);
    if (remembered === undefined) return undefined;
    try {
      return await grantFor(remembered, call, tokens);
    } catch (error) {
      challenges.delete(key);
      throw error;
    }
  }

  return {
    async send(request, call) {
      const key = `${call.base.href} ${identityKey(call.credentials)}`;
      let grant = await grantAsBefore(key, call);
      for (let answered = 0; ; answered++) {
        const authorization = grant?.authorization ?? givenToken(call);
        const response = await transport.send({ ...request, authorization }, call);
        if (response.status !== 401) return response;
        grant = answered < MAX_CHALLENGES ? await answer(response, call, grant) : undefined;
        if (grant === undefined) throw statusError(response, call, options.clock.now());
        challenges.set(key, grant.challenge);
      }
    },
  };
}

/** The answer to a challenge with what the call has. @param refused a token that is taken no more */
async function grantFor(
  challenge: Challenge,
  call: Call,
  tokens: Tokens,
  refused?: string,
): Promise<Grant | undefined> {
  const { credentials } = call;
  // Such a token is the whole answer; without this, a refused one would give way to an anonymous one.
  if (credentials.kind === 'registry-token') return undefined;
  if (challenge.kind === 'bearer') {
    const { value, isNew } = await tokens.get(challenge, call, refused);
    call.secrets.add(value);
    return { challenge, authorization: `Bearer ${value}`, token: value, isNew };
  }
  if (credentials.kind !== 'basic') return undefined;
  const basic = encodeBasic(credentials);
  return { challenge, authorization: `Basic ${basic}`, isNew: true };
}

/** A token that the user gave for the registry itself goes along from the start. */
function givenToken({ credentials }: Call): string | undefined {
  return credentials.kind === 'registry-token' ? `Bearer ${credentials.token}` : undefined;
}

/** What the registry asks for; nothing when it redirected us and another host asks. */
function challengeOf(response: HttpResponse, call: Call): Challenge | undefined {
  if (response.url.origin !== call.base.origin) return undefined;
  return chooseChallenge(response.header('www-authenticate') ?? '', call.base);
}
