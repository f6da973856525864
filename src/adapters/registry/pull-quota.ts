import { isIP } from 'node:net';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Call, HttpRequest, HttpResponse } from './call.ts';
import { identityKey } from './credentials.ts';
import type { OnRegistryEvent } from './events.ts';
import { sleepInCall } from './host-limiter.ts';

/** Logins remembered; the one that is heard of least is forgotten first. */
const MAX_QUOTAS = 1_000;
const MAX_WINDOW_S = 24 * 60 * 60;

/** With less than this part of the quota left, what is left is spread over the window. */
const PLENTY = 0.5;

/**
 * How many pulls a registry still allows, as Docker Hub tells in `ratelimit-limit` and
 * `ratelimit-remaining` (`100;w=21600`). Only a GET of a manifest counts as a pull; nodes that
 * pull from the same address or by the same account need the rest.
 */
export interface PullQuotas {
  /**
   * Waits with a pull until it may be made.
   * @throws AppError `registry/rate-limited` when that is later than the call's deadline
   */
  wait(request: HttpRequest, call: Call): Promise<void>;
  /** Reads what an answer says. */
  note(request: HttpRequest, response: HttpResponse, call: Call): void;
}

interface Quota {
  readonly limit: number;
  readonly remaining: number;
  readonly windowMs: number;
  readonly toldAt: number;
  readonly lastPullAt: number;
}

/** No registry has told of a quota yet. */
export function createPullQuotas(clock: Clock, onEvent: OnRegistryEvent): PullQuotas {
  const quotas = new BoundedMap<string, Quota>(MAX_QUOTAS);
  const now = () => clock.now().getTime();
  const keyOf = (url: URL, call: Call) => `${url.host} ${identityKey(call.credentials)}`;

  function waitMs(key: string): number {
    const quota = quotas.get(key);
    if (quota === undefined || now() - quota.toldAt > quota.windowMs) return 0;
    if (quota.remaining >= quota.limit * PLENTY) return 0;
    const spacing = quota.windowMs / Math.max(1, quota.remaining);
    return Math.max(0, quota.lastPullAt + spacing - now());
  }

  return {
    async wait(request, call) {
      if (!isPull(request)) return;
      const key = keyOf(request.url, call);
      for (let wait = waitMs(key); wait > 0; wait = waitMs(key)) {
        refuseLongWait(wait, call);
        await sleepInCall(clock, Math.ceil(wait), call);
      }
      const quota = quotas.get(key);
      if (quota !== undefined) quotas.set(key, { ...quota, lastPullAt: now() });
    },
    note(request, response, call) {
      const told = quotaOf(response);
      if (told === undefined) return;
      const key = keyOf(request.url, call);
      const lastPullAt = isPull(request) ? now() : (quotas.get(key)?.lastPullAt ?? 0);
      quotas.set(key, { ...told, toldAt: now(), lastPullAt });
      const { limit, remaining } = told;
      const counted = isIP(response.header('docker-ratelimit-source') ?? '')
        ? 'address'
        : 'account';
      onEvent({ kind: 'quota', registry: call.base.host, counted, limit, remaining });
    },
  };
}

/** Where pulls are counted, a GET of a manifest is one, and a HEAD is not. */
function isPull({ method, url }: HttpRequest): boolean {
  return method === 'GET' && /\/manifests\/[^/]+$/.test(url.pathname);
}

function refuseLongWait(waitMs: number, call: Call): void {
  if (waitMs < call.deadline.remainingMs()) return;
  throw new AppError(
    'registry/rate-limited',
    `${call.name}: few pulls are left of what ${call.base.host} allows; the next manifest is read in ${Math.ceil(waitMs / 1000)} s`,
    { retry: true, afterMs: waitMs },
  );
}

function quotaOf(
  response: HttpResponse,
): Pick<Quota, 'limit' | 'remaining' | 'windowMs'> | undefined {
  const limit = parseCount(response.header('ratelimit-limit'));
  const remaining = parseCount(response.header('ratelimit-remaining'));
  if (limit === undefined || remaining === undefined || limit.count === 0) return undefined;
  const windowS = remaining.windowS ?? limit.windowS;
  if (windowS === undefined) return undefined;
  const windowMs = Math.min(windowS, MAX_WINDOW_S) * 1000;
  return { limit: limit.count, remaining: remaining.count, windowMs };
}

/** `100;w=21600`: a count, and the window in seconds. */
function parseCount(
  header: string | undefined,
): { readonly count: number; readonly windowS: number | undefined } | undefined {
  const parsed = /^\s*(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?\s*$/.exec(header ?? '');
  if (parsed === null) return undefined;
  const [, count, window] = parsed;
  return { count: Number(count), windowS: window === undefined ? undefined : Number(window) };
}
