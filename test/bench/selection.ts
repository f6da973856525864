import { createSelector } from '../../src/domain/selection/create-selector.ts';
import type { SelectionRules } from '../../src/domain/selection/selector.ts';
import type { Figures, Task } from './figures.ts';
import type { Scale } from './main.ts';

/** New tags between two scans of a busy repository. */
const NEW_TAGS = 100;

/** Selects from many tags: first scan, further scan, and the least a program of this language can do. */
export async function benchSelection(figures: Figures, { tags, rounds }: Scale): Promise<void> {
  const versions = numbers(tags + NEW_TAGS).map((n) => `${n % 7}.${n % 1_000}.${n}`);
  await compare({
    group: `select the highest version of ${tags} tags`,
    tags: versions,
    rules: { policy: { semver: { range: '>=1.0.0 <6.0.0' } } },
    floor: highestVersion,
  });
  const builds = numbers(tags + NEW_TAGS).map((n) => {
    const commit = ((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0');
    return `main-${commit}-${1_600_000_000 + n}`;
  });
  await compare({
    group: `select the newest build of ${tags} tags`,
    tags: builds,
    rules: {
      policy: { numerical: { order: 'asc' } },
      filterTags: { pattern: '^main-[a-f0-9]+-(?P<ts>[0-9]+)$', extract: '$ts' },
    },
    floor: newestBuild,
  });

  async function compare(given: {
    readonly group: string;
    readonly tags: readonly string[];
    readonly rules: SelectionRules;
    readonly floor: (tags: readonly string[]) => string | undefined;
  }): Promise<void> {
    const { group, rules, floor } = given;
    const first = given.tags.slice(0, tags);
    const wanted = { kind: 'selected', tag: floor(given.tags) };
    let selector = createSelector(rules);
    const warm: Task = {
      name: `further scan, ${NEW_TAGS} new tags`,
      before: () => {
        selector = createSelector(rules);
        selector.select(first);
      },
      run: () => selector.select(given.tags),
    };
    const found = createSelector(rules).select(given.tags);
    if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error('a wrong choice');
    await figures.time(group, rounds * 3, [
      { name: 'plain loop with native RegExp', run: () => floor(given.tags) },
      { name: 'first scan', run: () => createSelector(rules).select(given.tags) },
      warm,
    ]);
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

function highestVersion(tags: readonly string[]): string | undefined {
  let best: { tag: string; parts: readonly number[] } | undefined;
  for (const tag of tags) {
    const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(tag);
    if (match === null) continue;
    const parts = [Number(match[1]), Number(match[2]), Number(match[3])];
    if (parts[0]! < 1 || parts[0]! > 5) continue;
    if (best === undefined || isHigher(parts, best.parts)) best = { tag, parts };
  }
  return best?.tag;
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((part, at) => part !== b[at]);
  return index >= 0 && a[index]! > b[index]!;
}

function newestBuild(tags: readonly string[]): string | undefined {
  let best: { tag: string; time: number } | undefined;
  for (const tag of tags) {
    const match = /^main-[a-f0-9]+-([0-9]+)$/.exec(tag);
    if (match === null) continue;
    const time = Number(match[1]);
    if (best === undefined || time > best.time) best = { tag, time };
  }
  return best?.tag;
}
