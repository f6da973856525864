import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import type { SiteMemory } from '../../domain/promotion/kept-site.ts';
import { imagesOf, observed, type Timeline } from '../../domain/promotion/timeline.ts';
import type { OpenPast } from '../read/past.ts';
import type { SlotQuery } from '../read/slots-in-history.ts';
import { replayHistory, type Replayed } from './replay-history.ts';

/** What is seen of the locations of policies. */
export interface SeenLocations {
  readonly now: Date;
  /** The policies to be known of, each with the longest soak that is asked of it, in ms. */
  readonly followed: ReadonlyMap<PolicyKey, number>;
  /** All locations of all policies. */
  readonly slots: readonly ImageSlot[];
  /** What was before, and how slots are found there. */
  readonly past: Omit<SlotQuery, 'history'> & { readonly open: OpenPast };
}

/** What is known from before. */
export interface KnownLocations {
  readonly memory: SiteMemory;
  /** Commit of the last look of this process. */
  readonly head: string | undefined;
}

/** What is known after a look. */
export interface Timelines extends Replayed {
  /** Why nobody could tell what was before. */
  readonly untold?: string;
}

/**
 * The timelines after a look. History is read only where something is otherwise than it is known.
 * @throws AppError when it cannot be read
 */
export async function timelinesAfter(
  { now, followed, slots, past }: SeenLocations,
  { memory, head }: KnownLocations,
  signal: AbortSignal,
): Promise<Timelines> {
  const { lastLook, timelines } = memory;
  const located = new Map(
    [...followed.keys()].map((key) => [key, slots.filter(({ policy }) => policy === key)] as const),
  );
  const look = (key: PolicyKey, told?: Timeline) =>
    observed(timelines.get(key), {
      now,
      images: imagesOf(located.get(key) ?? []),
      ...(lastLook === undefined ? {} : { lastLook }),
      ...(told === undefined ? {} : { told }),
    });
  const untold = new Map([...followed.keys()].map((key) => [key, look(key)] as const));
  const changed = [...located].filter(
    ([key, own]) => own.length > 0 && untold.get(key) !== timelines.get(key),
  );
  if (changed.length === 0) return { timelines: untold };
  const { open, ...finder } = past;
  const opened = await open(signal);
  if (opened.kind === 'none') return { timelines: untold, untold: opened.why };
  const until = changed.every(([key]) => timelines.has(key)) ? head : undefined;
  const soakMs = Math.max(...changed.map(([key]) => followed.get(key) ?? 0));
  const replayed = await replayHistory(
    { ...finder, ...opened, until, slots: new Map(changed), soakMs, now },
    signal,
  );
  const told = [...untold].map(([key, plain]) => {
    const history = replayed.timelines.get(key);
    return [key, history === undefined ? plain : look(key, history)] as const;
  });
  return { ...replayed, timelines: new Map(told) };
}
