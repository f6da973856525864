import type { ImageSlot } from '../plan/image-slot.ts';
import { heldText } from '../plan/target.ts';

/** What the locations of a policy held from a moment on, until the next one. */
export interface Moment {
  readonly since: Date;
  /**
   * Distinct, sorted: tag, tag@digest or digest; {@link NO_IMAGE} for a location that holds neither.
   * Empty where there was no location.
   */
  readonly images: readonly string[];
}

/** What the locations of a policy held over time, the earliest first. Before it, nobody knows. */
export type Timeline = readonly Moment[];

/** What is held by a location without tag and digest. */
export const NO_IMAGE = '';

/** Stands for what nobody looked at: the locations may have held anything meanwhile. No tag has a star. */
export const UNSEEN = '*';

/** Where no location is, and none ever was, as far as anybody knows. */
export const NOWHERE: Timeline = [{ since: new Date(0), images: [] }];

/** Of longer timelines the latest part is kept. What was forgotten counts as never seen. */
export const MAX_MOMENTS = 32;

/** Different images of one moment that are told apart. */
export const MAX_IMAGES = 8;

/** What slots of one policy hold together. */
export function imagesOf(slots: readonly ImageSlot[]): readonly string[] {
  return distinct(slots.map((slot) => heldText(slot) ?? NO_IMAGE));
}

/** Of very many images, {@link NO_IMAGE} stands for those that are left out: it is older than any other. */
function distinct(images: readonly string[]): readonly string[] {
  const all = [...new Set(images)].toSorted();
  if (all.length <= MAX_IMAGES) return all;
  return [NO_IMAGE, ...all.filter((image) => image !== NO_IMAGE).slice(0, MAX_IMAGES - 1)];
}

/** What somebody saw who looked at all locations of a policy in a repo. */
export interface Look {
  readonly now: Date;
  readonly images: readonly string[];
  /** When they were looked at before; absent: not since this process began. */
  readonly lastLook?: Date;
  /** What the history of the repo tells, up to now; absent: nothing. */
  readonly told?: Timeline;
}

/**
 * A timeline after a further look. When a change was seen between two looks, history says when it was made,
 * within those bounds: a commit that is dated back gains nothing. Where nobody looked before, history is
 * believed; where it is not known when somebody looked last, a change counts from now.
 * @param before undefined: nobody ever looked
 */
export function observed(before: Timeline | undefined, look: Look): Timeline {
  const last = before?.at(-1);
  if (before === undefined || last === undefined) return begun(look);
  if (isSameImages(last.images, look.images)) return before;
  return [...before, ...movesSince(last, look)].slice(-MAX_MOMENTS);
}

function begun({ now, images, told = [] }: Look): Timeline {
  if (told.length > 0) return told.slice(-MAX_MOMENTS);
  return images.length === 0 ? NOWHERE : [{ since: now, images }];
}

/** What became of the locations since they held something else. */
function movesSince(last: Moment, { now, images, lastLook, told = [] }: Look): readonly Moment[] {
  const known = told.findLastIndex((moment) => isSameImages(moment.images, last.images));
  const steps = known < 0 ? [] : told.slice(known + 1);
  const earliest = lastLook ?? last.since;
  const within = (time: Date) => clamped(time, earliest, now);
  const [first] = steps;
  if (lastLook !== undefined && first !== undefined) {
    return steps.map((step) => ({ since: within(step.since), images: step.images }));
  }
  const left = first === undefined ? earliest : within(first.since);
  return [
    { since: left, images: [UNSEEN] },
    { since: now, images },
  ];
}

function clamped(time: Date, from: Date, to: Date): Date {
  return time < from ? from : time > to ? to : time;
}

function isSameImages(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((image, index) => image === b[index]);
}

/**
 * What all timelines say together, from where all of them are known: the locations of a policy in several
 * repos are locations like any others.
 */
export function merged(timelines: readonly Timeline[]): Timeline {
  const begins = timelines.map(([first]) => first?.since.getTime() ?? Infinity);
  const begin = Math.max(...begins);
  if (!Number.isFinite(begin)) return [];
  const times = timelines.flat().map(({ since }) => since.getTime());
  const moments = [...new Set([begin, ...times.filter((time) => time > begin)])]
    .toSorted((a, b) => a - b)
    .map((time) => ({ since: new Date(time), images: heldAt(timelines, time) }));
  return moments.filter(({ images }, index) => {
    const before = moments[index - 1];
    return before === undefined || !isSameImages(before.images, images);
  });
}

function heldAt(timelines: readonly Timeline[], time: number): readonly string[] {
  return distinct(
    timelines.flatMap(
      (timeline) => timeline.findLast(({ since }) => since.getTime() <= time)?.images ?? [],
    ),
  );
}
