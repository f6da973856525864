import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Figure } from './bench/figures.ts';
import { ROOT } from './support/cli.ts';
import { skipWithoutApiServer } from './support/kubernetes/availability.ts';

/** Forty runs of small programs, on a machine that may be busy. */
const QUICK_MS = 300_000;

/** What must not happen at all has a figure of 0. */
const isNone = (name: string) => name.startsWith('writes') || name.endsWith('changed or new');

describe('the benches, in their quick form', () => {
  let figures: readonly Figure[];
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-bench-test-'));
    const file = join(folder, 'figures.json');
    const args = [join(ROOT, 'test/bench/run.mjs'), '--quick', '--json', file];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${stdout}${stderr}`);
    figures = JSON.parse(readFileSync(file, 'utf8')) as Figure[];
    rmSync(folder, { recursive: true });
  }, QUICK_MS);

  const ofGroup = (name: string) => figures.filter(({ group }) => group === name);

  it('measure everything', () => {
    expect(new Set(figures.map(({ unit }) => unit))).toEqual(
      new Set(['ms', 'requests', 'bytes', 'MiB']),
    );
    for (const { group, name, min, ratio } of figures) {
      if (isNone(name)) continue;
      expect(min, `${group}: ${name}`).toBeGreaterThan(0);
      expect(ratio, `${group}: ${name}`).toBeGreaterThan(0);
    }
  });

  describe.skipIf(skipWithoutApiServer())('over a cluster in which nothing changes', () => {
    const figure = (name: string) => figures.find((one) => one.name === name);

    it('show one list of tags for each repository and interval, however many policies need it', () => {
      // The window may hold one more than it has intervals; a busy machine makes them fewer.
      const ratio = figure('lists of tags')?.ratio;
      expect(ratio).toBeLessThanOrEqual(1.2);
      expect(ratio).toBeGreaterThan(0.3);
    });

    it('show no write to the API server', () => {
      expect(figure('writes to the API server')?.max).toBe(0);
      expect(figure('objects and Events changed or new')?.max).toBe(0);
    });

    it('show memory that does not grow', () => {
      expect(figure('last third')?.ratio).toBeLessThan(1.3);
    });
  });

  it.each([
    // `git` asks what the server can each time
    ['native', 2],
    ['isomorphic', 1],
  ])(
    'show that nothing to do costs one ref listing, whatever the repo, with %s Git',
    (engine, exchanges) => {
      const group = `nothing to do, controller, ${engine}`;
      const requests = ofGroup(`${group}: requests`).map(({ median }) => median);
      expect(requests).toEqual([exchanges, exchanges]);
      const bytes = ofGroup(`${group}: bytes`).map(({ median }) => median);
      expect(bytes).toHaveLength(2);
      expect(Math.max(...bytes)).toBeLessThan(1_000);
    },
  );

  it.each([
    // A ref listing, the trees, and then everything, since that is what is read.
    ['native', 6],
    ['isomorphic', 4],
  ])(
    'show that the first pass looks at the trees and fetches once, with %s Git',
    (engine, requests) => {
      const first = ofGroup(`first pass, nothing to do, controller, ${engine}: requests`);
      expect(first.map(({ median }) => median)).toEqual([requests, requests]);
    },
  );

  it.each(['native', 'isomorphic'])(
    'show that of a repo with much else than manifests no more than these is fetched, with %s Git',
    (engine) => {
      const bytes = (what: string) => ofGroup(`mixed repo, ${what}, ${engine}: bytes`);
      expect(bytes('first pass').at(-1)?.ratio).toBeLessThan(0.1);
      expect(bytes('a change of twenty code files and an asset').at(-1)?.ratio).toBeLessThan(0.1);
      const update = bytes('one image, after a change of a manifest').at(-1);
      expect(update?.median).toBeLessThan(6_000);
    },
  );

  it.each(['native', 'isomorphic'])(
    'show that an update moves what changed and not the repo, with %s Git',
    (engine) => {
      const group = `one image, after a commit by hand, controller, ${engine}`;
      const [small, large] = ofGroup(`${group}: bytes`).map(({ median }) => median);
      // four times the files
      expect(large).toBeLessThan((small ?? 0) * 1.5);
    },
  );

  it.each(['native', 'isomorphic'])(
    'show that a look through history costs what its commits weigh, whatever the repo, with %s Git',
    (engine) => {
      const group = `first image, with a look for holds through history, controller, ${engine}`;
      const [small = 0, large = 0] = ofGroup(`${group}: bytes`).map(({ median }) => median);
      // a hundred commits, and the push
      expect(small).toBeLessThan(100 * 160 + 6_000);
      expect(large).toBeLessThan(small * 1.1);
    },
  );
});
