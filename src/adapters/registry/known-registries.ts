/** How a host of a registry is treated. */
export interface HostProfile {
  /** Requests under way at the same time. */
  readonly maxInFlight: number;
  /** Most requests a second while the host never refused any. */
  readonly maxPerSecond: number;
  /** A page without `Link` is the last one, whatever its length. */
  readonly alwaysLinks: boolean;
  /** A token that was given without credentials for one public repository opens all of them. */
  readonly anonymousTokenIsShared: boolean;
}

/**
 * For a host we know nothing of: as many requests as policies can make use of. It is held off by what
 * it says, not by a guess of ours.
 */
const UNKNOWN: HostProfile = {
  maxInFlight: 6,
  maxPerSecond: 200,
  alwaysLinks: false,
  anonymousTokenIsShared: false,
};

const LINKS: HostProfile = { ...UNKNOWN, alwaysLinks: true };

/**
 * Hosts with known habits, by host name. Rates stay well below what the vendors name: nodes pull from
 * the same address, and their pulls come first.
 */
const KNOWN: readonly (readonly [pattern: RegExp, profile: HostProfile])[] = [
  // An abuse limit per address covers everything, HEAD too.
  [/^((registry-1|index|auth)\.)?docker\.io$/, { ...LINKS, maxInFlight: 4, maxPerSecond: 10 }],
  // Anonymous requests of the whole world share one bucket.
  [/^ghcr\.io$/, { ...LINKS, maxPerSecond: 20, anonymousTokenIsShared: true }],
  [/^quay\.io$/, { ...LINKS, maxPerSecond: 10 }],
  [/^public\.ecr\.aws$/, { ...LINKS, maxInFlight: 2, maxPerSecond: 5 }],
  [/^\d+\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/, { ...LINKS, maxPerSecond: 20 }],
  [/^[a-z0-9-]+\.azurecr\.(io|cn|us)$/, { ...LINKS, maxPerSecond: 20 }],
  [/^(registry\.gitlab\.com|codeberg\.org|cgr\.dev)$/, { ...LINKS, maxPerSecond: 20 }],
  // Lists are in one piece, or end near 1,000 tags: not to be trusted without a look behind.
  [/^(([a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$/, { ...UNKNOWN, maxPerSecond: 50 }],
];

/** How to treat a host (`HOST[:PORT]`), be it a registry's, its token service's, or one redirected to. */
export function profileOf(host: string): HostProfile {
  return KNOWN.find(([pattern]) => pattern.test(host.toLowerCase()))?.[1] ?? UNKNOWN;
}
