import type { ProcessWay } from '../../connections/process-way.ts';
import { retryAfterMs } from '../../connections/retry-after.ts';
import type { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';
import { createAgents } from './agents.ts';
import type { Call, HttpRequest, HttpResponse } from './call.ts';
import { isRateLimited } from './errors.ts';
import type { OnRegistryEvent } from './events.ts';
import { createHostLimiter, sleepInCall } from './host-limiter.ts';
import { exchange, type Wire } from './http.ts';
import type { HostProfile } from './known-registries.ts';
import { networkError, proxyLoginError, systemCode } from './network-error.ts';
import { createPullQuotas } from './pull-quota.ts';
import { createWarnings } from './warnings.ts';
import { backoffMs, isTransientCode, isTransientStatus, MAX_ATTEMPTS } from './retry.ts';

/** Requests with retries, shared by all calls so that hosts are spared together. */
export interface Transport {
  /**
   * Sends a request, again where that may help and time is left.
   * @returns the last answer, whatever its status
   * @throws AppError `registry/unreachable`, `registry/rate-limited` while the host is paused, and those of {@link exchange}
   */
  send(request: HttpRequest, call: Call): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** What a transport needs from outside. */
export interface TransportOptions {
  readonly way: ProcessWay;
  readonly clock: Clock;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  readonly userAgent: string;
  readonly profileOf: (host: string) => HostProfile;
  readonly onEvent: OnRegistryEvent;
}

/** `transient`: another attempt may end better. */
type Attempt =
  | { readonly kind: 'answer'; readonly response: HttpResponse; readonly transient: boolean }
  | { readonly kind: 'failure'; readonly error: AppError; readonly transient: boolean };

/** A transport with its own connections and its own memory of what each host allows. */
export function createTransport(options: TransportOptions): Transport {
  const { clock, random, onEvent } = options;
  const agents = createAgents(options.way);
  const limiter = createHostLimiter(options);
  const quotas = createPullQuotas(clock, onEvent);
  const tellWarnings = createWarnings(onEvent);

  /** How long to wait before the next attempt, or undefined when this was the last word. */
  function delayAfter(attempt: Attempt, count: number, call: Call): number | undefined {
    if (!attempt.transient) return undefined;
    let delay = backoffMs(count, random());
    if (attempt.kind === 'answer') {
      const { response } = attempt;
      const named = retryAfterMs(response.header('retry-after'), clock.now()) ?? 0;
      delay = Math.max(delay, named);
    }
    return count < MAX_ATTEMPTS && delay < call.deadline.remainingMs() ? delay : undefined;
  }

  return {
    async send(request, call) {
      for (let count = 1; ; count++) {
        await quotas.wait(request, call);
        const wire = { agents, limiter, clock, onEvent };
        const attempt = await tryOnce(request, call, wire, options.userAgent);
        if (attempt.kind === 'answer') {
          quotas.note(request, attempt.response, call);
          tellWarnings(attempt.response, call);
        }
        const delay = delayAfter(attempt, count, call);
        if (delay !== undefined) {
          await sleepInCall(clock, delay, call);
        } else if (attempt.kind === 'failure') {
          throw attempt.error;
        } else {
          return attempt.response;
        }
      }
    },
    close: () => agents.close(),
  };
}

async function tryOnce(
  request: HttpRequest,
  call: Call,
  wire: Wire,
  userAgent: string,
): Promise<Attempt> {
  const { url } = request;
  const target = { url, proxy: wire.agents.proxyOf({ access: call.access, url }) };
  try {
    const headers = { ...request.headers, 'user-agent': userAgent };
    const response = await exchange({ ...request, headers }, call, wire);
    if (response.status === 407) throw proxyLoginError(target.proxy, call);
    const transient = isTransientStatus(response.status) || isRateLimited(response);
    return { kind: 'answer', response, transient };
  } catch (error) {
    const transient = isTransientCode(systemCode(error)) && !call.deadline.signal.aborted;
    return { kind: 'failure', error: networkError(error, target, call), transient };
  }
}
