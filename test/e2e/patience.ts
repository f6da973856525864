import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 100;
const PATIENCE_MS = 25_000;

/** Waits until something is true. @throws Error naming it when it does not become true in time */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  { patienceMs = PATIENCE_MS, everyMs = LOOK_AGAIN_MS } = {},
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await delay(everyMs);
  }
}
