/** The work under way for a key, or new work. */
export function shareWork<T>(
  inFlight: Map<string, Promise<T>>,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  const running = inFlight.get(key);
  if (running !== undefined) return running;
  const begun = work().finally(() => {
    if (inFlight.get(key) === begun) inFlight.delete(key);
  });
  inFlight.set(key, begun);
  return begun;
}
