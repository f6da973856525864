import type { Io } from './io.ts';

/** Work shorter than this shows nothing. */
const QUIET_MS = 1_000;

/** Shows on a terminal what is going on, and for how long; elsewhere nothing. */
export async function withProgress<T>(io: Io, label: string, work: () => Promise<T>): Promise<T> {
  if (!io.interactive) return work();
  const started = Date.now();
  let shown = false;
  const timer = setInterval(() => {
    shown = true;
    io.err(`\r${label} … ${Math.round((Date.now() - started) / 1_000)}s`);
  }, QUIET_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (shown) io.err('\r\u001b[K');
  }
}
