/**
 * When commits reached their branch, as far as their own times tell: none before one that it was made on, and
 * none after now. So a commit that was dated back gains nothing over those before it, and one that is dated
 * ahead counts from the commit after it.
 * @param times of commits that follow one another, the latest first
 */
export function arrivalTimes(times: readonly Date[], now: Date): readonly Date[] {
  const limit = now.getTime();
  let oldest = -Infinity;
  const atLeast = times
    .toReversed()
    .map((time) => {
      const isAhead = time.getTime() > limit;
      if (!isAhead) oldest = Math.max(oldest, time.getTime());
      return isAhead ? undefined : oldest;
    })
    .toReversed();
  let next = limit;
  return atLeast.map((time) => new Date((next = time ?? next)));
}
