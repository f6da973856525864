const DAY_MS = 24 * 60 * 60_000;

/** What a clock on a wall shows, told as the milliseconds at which it would be shown in UTC. */
export type WallTime = number;

/** How far a time zone's wall clock is ahead of UTC at a moment, in ms. */
export type OffsetAt = (moment: number) => number;

/** The offsets of an IANA time zone. @throws RangeError when there is no such zone */
export function offsetsOf(timeZone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (moment) => {
    const parts = format.formatToParts(moment);
    const part = (name: string) => Number(parts.find(({ type }) => type === name)?.value);
    const date = [part('year'), part('month') - 1, part('day')] as const;
    const wall = Date.UTC(...date, part('hour'), part('minute'), part('second'));
    return wall - Math.floor(moment / 1_000) * 1_000;
  };
}

/**
 * The moments at which a wall clock shows a time: two where it is put back over it, none where it is
 * put forward over it.
 */
export function momentsOf(time: WallTime, offsetAt: OffsetAt): readonly number[] {
  return guesses(time, offsetAt).filter((moment) => moment + offsetAt(moment) === time);
}

/** The moment at which a wall clock is put forward over a time, to the second. */
export function changeOver(time: WallTime, offsetAt: OffsetAt): number {
  let [low = time, high = time] = guesses(time, offsetAt);
  const before = offsetAt(low);
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** The time by the offsets of the day before and of the day after. */
function guesses(time: WallTime, offsetAt: OffsetAt): readonly number[] {
  const offsets = new Set([offsetAt(time - DAY_MS), offsetAt(time + DAY_MS)]);
  return [...offsets].map((offset) => time - offset).toSorted((a, b) => a - b);
}
