import type { CompareTags } from '../plan/hold.ts';
import { targetOf, type Target } from '../plan/target.ts';
import { UNSEEN, type Timeline } from './timeline.ts';

/** A span in which all locations of a policy held the same image. */
export interface Run {
  readonly image: Required<Pick<Target, 'tag'>> & Target;
  readonly since: Date;
  /** When some location moved on; absent: all hold it still. */
  readonly until?: Date;
  /** When a location went to something older, or to something of which nobody knows whether it is older. */
  readonly takenBack?: Date;
}

/** What the locations of a policy have run, as far as somebody looked. */
export interface Soaking {
  readonly timeline: Timeline;
  /** The last moment at which all locations were looked at: what they hold since, nobody knows. */
  readonly seenUntil: Date;
  /** The order of the policy that is followed. */
  readonly compare: CompareTags;
}

/** How a tag stands. */
export type SoakVerdict =
  /** It has soaked. `digest`: of what has, where all the locations name one; `next`: another one of it soaks. */
  | {
      readonly kind: 'soaked';
      readonly digest?: string;
      readonly next?: { readonly digest: string; readonly since: Date; readonly until: Date };
    }
  | { readonly kind: 'soaking'; readonly since: Date; readonly until: Date }
  /** Its time has come, and the locations have not been looked at since then. */
  | { readonly kind: 'unseen'; readonly until: Date }
  /** All locations held it, and moved on too soon. */
  | { readonly kind: 'short'; readonly since: Date; readonly until: Date }
  | { readonly kind: 'taken-back'; readonly at: Date }
  | { readonly kind: 'not-run' };

/** All spans in which the locations agreed, the latest first. */
export function runsOf({ timeline, compare }: Omit<Soaking, 'seenUntil'>): readonly Run[] {
  const runs: Run[] = [];
  for (const [index, { since, images }] of timeline.entries()) {
    const image = agreedImage(images);
    const former = timeline[index - 1];
    // Further locations that agree change nothing.
    const isFurther = former !== undefined && isSameImage(agreedImage(former.images), image);
    if (image === undefined || isFurther) continue;
    const ranBefore = timeline.slice(0, index).flatMap((moment) => moment.images);
    const later = timeline.slice(index + 1);
    const isOlder = (other: string) => isBefore(other, image, { compare, ranBefore });
    const until = later.find((moment) => !isSameImage(agreedImage(moment.images), image))?.since;
    const takenBack = later.find((moment) => moment.images.some(isOlder))?.since;
    runs.unshift({
      image,
      since,
      ...(until === undefined ? {} : { until }),
      ...(takenBack === undefined ? {} : { takenBack }),
    });
  }
  return runs;
}

/** What is asked of a tag that is to be promoted. */
export interface SoakRule {
  readonly soakMs: number;
  readonly now: Date;
  /** May a digest be promoted that the locations went back to? */
  readonly allowDowngrade: boolean;
}

/**
 * How a tag stands. One that has soaked stays so while the locations move forward; as soon as one of them
 * holds something older, it has to soak again.
 */
export function judgeSoak(
  tag: string,
  soaking: Soaking,
  { soakMs, now, allowDowngrade }: SoakRule,
): SoakVerdict {
  const all = runsOf(soaking).filter(({ image }) => image.tag === tag);
  const back = allowDowngrade ? -1 : all.findIndex((_, index) => isReturn(all, index));
  const runs = back < 0 ? all : all.slice(0, back);
  const valid = runs.filter(({ takenBack }) => takenBack === undefined);
  const soaked = valid.find(
    ({ since, until = soaking.seenUntil }) => since.getTime() + soakMs <= until.getTime(),
  );
  const [run] = valid;
  if (soaked !== undefined) return soakedVerdict(soaked, run ?? soaked, { soakMs, now });
  if (run === undefined) {
    const at = runs[0]?.takenBack ?? all[back]?.since;
    return at === undefined ? { kind: 'not-run' } : { kind: 'taken-back', at };
  }
  const { since, until } = run;
  if (until !== undefined) return { kind: 'short', since, until };
  const due = new Date(since.getTime() + soakMs);
  return due > now ? { kind: 'soaking', since, until: due } : { kind: 'unseen', until: due };
}

/** @param latest of the same tag: another digest may be on its way */
function soakedVerdict(
  { image: { digest } }: Run,
  { image: { digest: next }, since, until: end }: Run,
  { soakMs, now }: Pick<SoakRule, 'soakMs' | 'now'>,
): SoakVerdict {
  const until = new Date(since.getTime() + soakMs);
  const isOnItsWay = next !== digest && end === undefined && until > now;
  return {
    kind: 'soaked',
    ...(digest === undefined ? {} : { digest }),
    ...(isOnItsWay && next !== undefined ? { next: { digest: next, since, until } } : {}),
  };
}

/** Did a tag go back to a digest that it had before another one? No order of tags would tell. */
function isReturn(runs: readonly Run[], index: number): boolean {
  const digest = runs[index]?.image.digest;
  if (digest === undefined) return false;
  const before = runs.slice(index + 1).map(({ image }) => image.digest);
  const same = before.indexOf(digest);
  return before.slice(0, Math.max(0, same)).some((other) => other !== undefined);
}

/** When the tag that all locations hold will have soaked; undefined where none is on its way. */
export function nextSoaked(soaking: Soaking, soakMs: number, now: Date): Date | undefined {
  const [last] = runsOf(soaking);
  if (last === undefined || last.until !== undefined) return undefined;
  const due = new Date(last.since.getTime() + soakMs);
  return due > now ? due : undefined;
}

/** The image that all locations hold, if they agree: one that names a digest agrees with one that does not. */
function agreedImage(images: readonly string[]): Run['image'] | undefined {
  if (images.includes(UNSEEN)) return undefined;
  const targets = images.map(targetOfText);
  const [tag, ...otherTags] = new Set(targets.map((target) => target.tag));
  const digests = new Set(targets.flatMap(({ digest }) => (digest === undefined ? [] : [digest])));
  if (tag === undefined || otherTags.length > 0 || digests.size > 1) return undefined;
  const [digest] = digests;
  return { tag, ...(digest === undefined ? {} : { digest }) };
}

function isSameImage(a: Run['image'] | undefined, b: Run['image'] | undefined): boolean {
  return a !== undefined && b !== undefined && a.tag === b.tag && a.digest === b.digest;
}

/**
 * Is an image older than another, or may it be? Of two digests of one tag the order of the tags says nothing:
 * the one that was there before is the older.
 */
function isBefore(
  text: string,
  image: Run['image'],
  { compare, ranBefore }: { readonly compare: CompareTags; readonly ranBefore: readonly string[] },
): boolean {
  if (text === UNSEEN) return false;
  const other = targetOfText(text);
  if (other.tag === undefined) return true;
  if (other.tag === image.tag) {
    const isOther =
      other.digest !== undefined && image.digest !== undefined && other.digest !== image.digest;
    return isOther && ranBefore.includes(text);
  }
  const age = compare(other.tag, image.tag);
  return age === undefined || age < 0;
}

/** Reads an image of a {@link Timeline}: a tag has no colon, and a digest has one. */
export function targetOfText(text: string): Target {
  const [first = '', second] = text.split('@');
  if (second !== undefined) return targetOf(first, second);
  if (first === '') return {};
  return first.includes(':') ? { digest: first } : { tag: first };
}

/** All that can be said of the tags that were there, as a text: another text, another effect. */
export function soakSummary(soaking: Soaking, rule: Omit<SoakRule, 'now'>): string {
  const { timeline, seenUntil: now } = soaking;
  const tags = new Set(runsOf(soaking).map(({ image }) => image.tag));
  const verdicts = [...tags].map((tag) => [tag, judgeSoak(tag, soaking, { ...rule, now })]);
  return JSON.stringify([timeline.at(-1), verdicts]);
}
