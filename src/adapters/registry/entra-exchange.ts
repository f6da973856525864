import { z } from 'zod';
import type { Clock } from '../../ports/ports.ts';
import { parseJson } from '../../domain/parse-json.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Call } from './call.ts';
import { type Credentials, identityKey, IDENTITY_USERNAME } from './credentials.ts';
import { badResponse, statusError } from './errors.ts';
import { createSingleFlight } from './single-flight.ts';
import type { Transport } from './transport.ts';

const MAX_ANSWER_BYTES = 64 * 1024;
/** Registries whose refresh token is kept. */
const MAX_KEPT = 1000;
/** ACR's refresh tokens live three hours; one is not used in its last part. */
const LIFE_MS = 2.5 * 60 * 60 * 1000;

const Answer = z.object({ refresh_token: z.string().regex(/^[\x21-\x7e]+$/) });

/** Turns Microsoft Entra tokens into what an Azure registry takes for a login. */
export interface EntraExchange {
  /** @throws AppError `registry/unauthorized` and those of {@link Transport} */
  credentials(token: string, call: Call): Promise<Credentials>;
}

/** ACR's own `POST /oauth2/exchange`, at the registry itself; its answers are kept. */
export function createEntraExchange(transport: Transport, clock: Clock): EntraExchange {
  const kept = new BoundedMap<string, { readonly token: string; readonly goodUntil: number }>(
    MAX_KEPT,
  );
  const shared = createSingleFlight<string>();

  async function exchange(token: string, call: Call): Promise<string> {
    const url = new URL('/oauth2/exchange', call.base);
    const form = { grant_type: 'access_token', service: url.host, access_token: token };
    const response = await transport.send(
      {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
        maxBytes: MAX_ANSWER_BYTES,
      },
      call,
    );
    if (response.status !== 200) throw statusError(response, call, clock.now());
    const answer = Answer.safeParse(parseJson(response.body.toString()));
    if (!answer.success) throw badResponse(call, `${url.host} gave no refresh token`);
    return answer.data.refresh_token;
  }

  return {
    async credentials(token, call) {
      const key = `${call.base.host} ${identityKey({ kind: 'registry-token', token })}`;
      const known = kept.get(key);
      const now = clock.now().getTime();
      if (known !== undefined && now < known.goodUntil) return identity(known.token);
      const refresh = await shared(key, call, () => exchange(token, call));
      kept.set(key, { token: refresh, goodUntil: now + LIFE_MS });
      return identity(refresh);
    },
  };
}

function identity(token: string): Credentials {
  return { kind: 'identity', username: IDENTITY_USERNAME, token };
}
