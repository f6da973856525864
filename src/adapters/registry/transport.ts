import type { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports.ts';
import { type Agents, createAgents } from './agents.ts';
import type { Call, HttpRequest, HttpResponse } from './call.ts';
import { createHostPauses, sleepInCall } from './host-pauses.ts';
import { exchange, type OnRequest } from './http.ts';
import { networkError, systemCode } from './network-error.ts';
import {
  backoffMs,
  isTransientCode,
  isTransientStatus,
  MAX_ATTEMPTS,
  retryAfterMs,
} from './retry.ts';

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
  readonly clock: Clock;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  readonly userAgent: string;
  /** PEM certificates trusted for all registries besides the usual ones. */
  readonly ca: string | undefined;
  readonly onRequest: OnRequest;
}

/** `transient`: another attempt may end better. */
type Attempt =
  | { readonly kind: 'answer'; readonly response: HttpResponse; readonly transient: boolean }
  | { readonly kind: 'failure'; readonly error: AppError; readonly transient: boolean };

/** A transport with its own connections and its own memory of which host asked for a pause. */
export function createTransport(options: TransportOptions): Transport {
  const { clock, random } = options;
  const agents = createAgents(options.ca);
  const pauses = createHostPauses(clock);

  /** How long to wait before the next attempt, or undefined when this was the last word. */
  function delayAfter(attempt: Attempt, count: number, call: Call): number | undefined {
    if (!attempt.transient) return undefined;
    let delay = backoffMs(count, random());
    if (attempt.kind === 'answer') {
      const { response } = attempt;
      const named = retryAfterMs(response.header('retry-after'), clock.now()) ?? 0;
      delay = Math.max(delay, named);
      if (response.status === 429) pauses.pause(response.url.host, delay);
    }
    return count < MAX_ATTEMPTS && delay < call.deadline.remainingMs() ? delay : undefined;
  }

  return {
    async send(request, call) {
      for (let count = 1; ; count++) {
        await pauses.wait(request.url.host, call);
        const attempt = await tryOnce(request, call, agents, options);
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
  agents: Agents,
  { userAgent, onRequest }: TransportOptions,
): Promise<Attempt> {
  try {
    const headers = { ...request.headers, 'user-agent': userAgent };
    const agent = agents.get(call.access.ca);
    const response = await exchange({ ...request, headers }, call, agent, onRequest);
    return { kind: 'answer', response, transient: isTransientStatus(response.status) };
  } catch (error) {
    const transient = isTransientCode(systemCode(error)) && !call.deadline.signal.aborted;
    return { kind: 'failure', error: networkError(error, request.url, call), transient };
  }
}
