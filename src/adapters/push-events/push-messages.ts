import { createHash, createHmac } from 'node:crypto';
import type { PushMessages, PushSender } from '../../ports/push.ts';
import { GOOGLE, IdentityTokens, type TokenIssuer } from './identity-token.ts';
import { parseJson } from './json.ts';
import { SENDERS } from './senders.ts';

/** Keeps paths apart from whatever else the same token may be used for. */
const PURPOSE = 'lockkeeper.dev ImageReceiver';

/** Where all receivers are. */
const PREFIX = '/hook/';

/** The formats of all registries. @param google for tests: another issuer in Google's place */
export function createPushMessages(google: TokenIssuer = GOOGLE): PushMessages {
  const identityTokens = new IdentityTokens(google);
  const isSender: (
    sender: PushSender,
    request: Parameters<PushMessages['read']>[1],
  ) => Promise<boolean> = async ({ type, token, identity }, request) => {
    const { proof } = SENDERS[type];
    if (proof !== 'identity-token') return proof(token, request);
    return identity !== undefined && identityTokens.proves(identity, request.headers);
  };
  return {
    pathOf: ({ namespace, name }, token) => {
      const hash = createHmac('sha256', token).update(`${PURPOSE} ${namespace}/${name}`);
      return PREFIX + hash.digest('hex');
    },
    addressOf: (path) => createHash('sha256').update(path).digest('hex'),
    read: async (sender, request) => {
      if (!(await isSender(sender, request))) return { kind: 'refused' };
      const body = parseJson(request.body);
      if (body === undefined) {
        return { kind: 'malformed', message: 'the body is not JSON: send application/json' };
      }
      const parsed = SENDERS[sender.type].format(body.value, request.headers);
      return 'fault' in parsed
        ? { kind: 'malformed', message: parsed.fault }
        : { kind: 'pushes', images: parsed.images };
    },
  };
}
