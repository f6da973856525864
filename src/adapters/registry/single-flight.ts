import type { Call } from './call.ts';

/**
 * Does work of the same key once for all who ask for it meanwhile. Each waits no longer than its own
 * call may take; one that outlives the call that did the work does it again.
 */
export type SingleFlight<T> = (key: string, call: Call, work: () => Promise<T>) => Promise<T>;

/** Nothing is under way. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, { readonly by: Call; readonly result: Promise<T> }>();

  return async (key, call, work) => {
    for (;;) {
      const running = underWay.get(key);
      if (running === undefined) {
        const result = work().finally(() => underWay.delete(key));
        underWay.set(key, { by: call, result });
        return result;
      }
      try {
        return await untilDeadline(running.result, call);
      } catch (error) {
        if (call.deadline.signal.aborted || !isFailureOfItsOwn(running.by, call)) throw error;
      }
    }
  };
}

/** It ran out of its own time, or was refused for the sake of its own repository. */
function isFailureOfItsOwn(by: Call, call: Call): boolean {
  return by.deadline.signal.aborted || by.name !== call.name;
}

async function untilDeadline<T>(result: Promise<T>, { deadline, name }: Call): Promise<T> {
  const { signal } = deadline;
  if (signal.aborted) throw deadline.error(name);
  let stop = () => undefined as void;
  const ended = new Promise<never>((_resolve, reject) => {
    stop = () => reject(deadline.error(name));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([result, ended]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
