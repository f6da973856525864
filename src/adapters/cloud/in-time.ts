/** How long a provider may take to give a login, in ms: the clouds' SDKs ask several services in turn. */
const TIMEOUT_MS = 30_000;

/**
 * Runs a task, whose signal fires when it has taken too long.
 * @throws Error `Timeout`, also where the task does not heed its signal: not every SDK does
 */
export async function inTime<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      late.abort();
      reject(new Error('Timeout'));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([task(late.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
