import { isRunnable } from './platform.ts';
import type { Annotations, ImageConfig, ImageManifest, IndexEntry } from './image-manifest.ts';

/**
 * When an image was built, in ms since the epoch. `absent`: it says nothing. `unreal`: it names a time
 * before there were images, such as the 1970 of reproducible builds.
 */
export type BuildTime = number | 'absent' | 'unreal';

const CREATED = 'org.opencontainers.image.created';
const LABELS = [CREATED, 'org.label-schema.build-date'];

/** Docker came out in March 2013. */
const FIRST_IMAGES = Date.UTC(2013, 0, 1);

/**
 * The build time by what a manifest itself says: an index's own annotation wins over those of its
 * entries.
 */
export function timeOfManifest(manifest: ImageManifest): BuildTime {
  const own = timeIn(manifest.annotations);
  if (manifest.kind !== 'index') return own;
  return firstOf(own, latest(runnableEntries(manifest).map((entry) => timeIn(entry.annotations))));
}

/**
 * The build time by an image's config: when it was created, or what a label says where that is later.
 * Labels are handed down from base images, so that alone they tell of those.
 */
export function timeOfConfig({ created, labels }: ImageConfig): BuildTime {
  return latest([parse(created), ...LABELS.map((label) => parse(labels[label]))]);
}

/** A time that somebody else told, by the same rule as what images say. @param ms since the epoch */
export function toldTime(ms: number): BuildTime {
  return ms < FIRST_IMAGES ? 'unreal' : ms;
}

/** The first that is a time; else what can best be said of the others. */
export function firstOf(...times: readonly BuildTime[]): BuildTime {
  const known = times.find((time) => typeof time === 'number');
  return known ?? (times.includes('unreal') ? 'unreal' : 'absent');
}

/** Entries of an index that are images: attestations and entries without a platform are left out. */
export function runnableEntries({
  entries,
}: Extract<ImageManifest, { kind: 'index' }>): readonly IndexEntry[] {
  return entries.filter(({ platform }) => isRunnable(platform));
}

function timeIn(annotations: Annotations): BuildTime {
  return parse(annotations[CREATED]);
}

function latest(times: readonly BuildTime[]): BuildTime {
  const known = times.filter((time) => typeof time === 'number');
  return known.length === 0 ? firstOf(...times) : Math.max(...known);
}

function parse(text: string | undefined): BuildTime {
  const time = text === undefined ? NaN : Date.parse(text);
  if (Number.isNaN(time)) return 'absent';
  return toldTime(time);
}
