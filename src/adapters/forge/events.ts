/** What a client of a forge's API tells of while it works, for metrics. Nothing in it is secret. */
export type ForgeEvent =
  | {
      /** A request went out and was answered, or was not. */
      readonly kind: 'request';
      /** Of the API, `HOST[:PORT]`. */
      readonly host: string;
      readonly status: number | 'error';
    }
  | {
      /** The forge told how many requests are left to this login in its window. */
      readonly kind: 'budget';
      readonly host: string;
      /** GitHub counts its two APIs apart. */
      readonly api: ForgeApi;
      readonly limit: number;
      readonly remaining: number;
    };

/** Which API of a forge. */
export type ForgeApi = 'rest' | 'graphql';

/** Told of each event; must not throw. */
export type OnForgeEvent = (event: ForgeEvent) => void;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * What the headers of an answer say is left: `X-RateLimit-…` (GitHub, Azure DevOps, Bitbucket) or `RateLimit-…`
 * (GitLab). Undefined where they do not say both.
 */
export function budgetOf(
  headers: Headers,
): { readonly limit: number; readonly remaining: number } | undefined {
  const numberOf = (name: string) => {
    const value = headers[`x-ratelimit-${name}`] ?? headers[`ratelimit-${name}`];
    return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  const [limit, remaining] = [numberOf('limit'), numberOf('remaining')];
  return limit === undefined || remaining === undefined ? undefined : { limit, remaining };
}
