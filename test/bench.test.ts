import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Figure } from './bench/figures.ts';
import { ROOT } from './support/cli.ts';

/** Forty runs of small programs, on a machine that may be busy. */
const QUICK_MS = 300_000;

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
      expect(min, `${group}: ${name}`).toBeGreaterThan(0);
      expect(ratio, `${group}: ${name}`).toBeGreaterThan(0);
    }
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

  it.each(['native', 'isomorphic'])(
    'show that an update moves what changed and not the repo, with %s Git',
    (engine) => {
      const group = `one image, after a commit by hand, controller, ${engine}`;
      const [small, large] = ofGroup(`${group}: bytes`).map(({ median }) => median);
      // four times the files
      expect(large).toBeLessThan((small ?? 0) * 1.5);
    },
  );
});
