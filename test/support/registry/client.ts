import { onTestFinished } from 'vitest';
import {
  type ClosableRegistry,
  createRegistry,
  type RegistryOptions,
} from '../../../src/adapters/registry/create-registry.ts';
import type { Repository } from '../../../src/domain/image-reference.ts';
import type { Clock } from '../../../src/ports/ports.ts';
import type { RegistryAccess } from '../../../src/ports/registry.ts';
import { type Handler, type Loopback, startLoopback } from './loopback.ts';

/** A clock whose `sleep` is over at once: it writes down the wait and moves the time on. */
export interface TestClock extends Clock {
  readonly sleeps: readonly number[];
}

/** Starts at the real time, so that it agrees with real timers where they meet. */
export function testClock(): TestClock {
  const sleeps: number[] = [];
  let ahead = 0;
  return {
    sleeps,
    now: () => new Date(Date.now() + ahead),
    sleep: async (ms) => {
      sleeps.push(ms);
      ahead += ms;
      return Promise.resolve();
    },
  };
}

/** The repository that loopback tests ask about. */
export function teamApp(host: string): Repository {
  return { registry: host, path: 'team/app' };
}

/** Anonymous access by plain HTTP, as loopback servers speak it. */
export function plainAccess(more: Partial<RegistryAccess> = {}): RegistryAccess {
  return { insecure: true, timeoutMs: 20_000, ...more };
}

/** A client of a registry, closed when the test ends. */
export interface TestClient {
  readonly registry: ClosableRegistry;
  readonly clock: TestClock;
  readonly listTags: (access?: Partial<RegistryAccess>) => Promise<readonly string[]>;
  readonly digest: (tag: string, access?: Partial<RegistryAccess>) => Promise<string | undefined>;
}

/** A client for `host` that never really sleeps and has no jitter. */
export function clientOf(host: string, options: Partial<RegistryOptions> = {}): TestClient {
  const clock = testClock();
  const registry = createRegistry({ clock, random: () => 0, ...options });
  onTestFinished(() => registry.close());
  const never = new AbortController().signal;
  return {
    registry,
    clock,
    listTags: async (access) =>
      (await registry.listTags(teamApp(host), plainAccess(access), never)).tags,
    digest: (tag, access) => registry.digest(teamApp(host), tag, plainAccess(access), never),
  };
}

/** A loopback registry and a client for it; both end with the test. */
export async function loopbackClient(
  handler: Handler,
  options: Partial<RegistryOptions> = {},
): Promise<TestClient & { readonly server: Loopback }> {
  const server = await startLoopback(handler);
  onTestFinished(() => server.close());
  return { server, ...clientOf(server.host, options) };
}
