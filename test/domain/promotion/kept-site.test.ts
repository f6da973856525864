import { describe, expect, it } from 'vitest';
import { keptSite, readSite, type SiteMemory } from '../../../src/domain/promotion/kept-site.ts';

const site = { automation: 'apps/update', repo: 'r1' };
const at = (second: number) => new Date(Date.UTC(2026, 5, 2, 12, 0, second));
const timelines = new Map([
  ['apps/staging', [{ since: at(0), images: ['6.1.0'] }]],
  ['apps/dev', [{ since: at(5), images: ['6.2.0'] }]],
]);
const asKept = (memory: SiteMemory): unknown => JSON.parse(JSON.stringify(keptSite(site, memory)));

describe('a site that is kept', () => {
  it.each([
    { name: 'with its last look', memory: { lastLook: new Date(1_234_567), timelines } },
    { name: 'without one', memory: { timelines } },
  ])('is read as it was, $name', ({ memory }) => {
    expect(readSite(asKept(memory), timelines.keys())).toEqual(memory);
  });

  it('is known as far as somebody asks', () => {
    const { timelines: known } = readSite(asKept({ timelines }), ['apps/dev', 'apps/other']);
    expect([...known.keys()]).toEqual(['apps/dev']);
  });

  it.each([undefined, 'x', { lastLook: 'soon', deployed: {} }, { deployed: { a: 1 } }])(
    'is none where something else is kept: %j',
    (kept) => {
      expect(readSite(kept, ['apps/dev'])).toEqual({ timelines: new Map() });
    },
  );
});
