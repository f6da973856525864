/** What a registry asks for in `WWW-Authenticate`. */
export type Challenge =
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      readonly realm: URL;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

/**
 * The challenge to answer among those of a `WWW-Authenticate` header, which may hold several (RFC 9110
 * section 11.6.1): Bearer where a token can be fetched, else Basic. Some registries say Bearer with a
 * realm that is no URL and mean Basic (Artifactory, ECR).
 * @param base the URL that was asked: a realm may be a path on it
 * @returns undefined when there is none that this client can answer
 */
export function chooseChallenge(header: string, base: URL): Challenge | undefined {
  const known = parseChallenges(header).flatMap((parsed) => toChallenge(parsed, base));
  return known.find(({ kind }) => kind === 'bearer') ?? known[0];
}

/** Do two challenges ask for the same thing? */
export function isSameChallenge(a: Challenge, b: Challenge): boolean {
  return challengeKey(a) === challengeKey(b);
}

/** Text that is equal for equal challenges. */
export function challengeKey(challenge: Challenge): string {
  return challenge.kind === 'basic'
    ? 'basic'
    : JSON.stringify([challenge.realm.href, challenge.service, challenge.scope]);
}

interface ParsedChallenge {
  readonly scheme: string;
  readonly params: Map<string, string>;
}

function toChallenge({ scheme, params }: ParsedChallenge, base: URL): Challenge[] {
  if (scheme === 'basic') return [{ kind: 'basic' }];
  if (scheme !== 'bearer') return [];
  const named = params.get('realm') ?? '';
  const realm =
    named.startsWith('/') && URL.canParse(named, base.href) ? new URL(named, base).href : named;
  if (!URL.canParse(realm)) return [{ kind: 'basic' }];
  const [service, scope] = [params.get('service'), params.get('scope')];
  return [{ kind: 'bearer', realm: new URL(realm), service, scope }];
}

/** A parameter ends where its value ends; a word without `=` after it starts the next challenge. */
function parseChallenges(header: string): ParsedChallenge[] {
  const param = /[\s,]*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
  const scheme = /[\s,]*([\w!#$%&'*+.^`|~-]+)(?=[\s,]|$)/y;
  const challenges: ParsedChallenge[] = [];
  let at = 0;
  for (;;) {
    param.lastIndex = at;
    scheme.lastIndex = at;
    const current = challenges.at(-1);
    const foundParam = current === undefined ? null : param.exec(header);
    if (foundParam !== null) {
      const [, name = '', quoted, plain = ''] = foundParam;
      current?.params.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain);
      at = param.lastIndex;
      continue;
    }
    const foundScheme = scheme.exec(header);
    if (foundScheme === null) return challenges;
    challenges.push({ scheme: (foundScheme[1] ?? '').toLowerCase(), params: new Map() });
    at = scheme.lastIndex;
  }
}
