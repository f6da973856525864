/**
 * The benches, as one program: `npm run bench -- [--quick] [--json FILE] [NAME…]`. Figures depend on the
 * machine; the ratios to each group's floor are what `docs/benchmarks.md` records.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCluster } from './cluster.ts';
import { benchFolders } from './folders.ts';
import { benchMemory } from './memory.ts';
import { benchMixed, type OtherFiles } from './mixed.ts';
import { benchRepos } from './repos.ts';
import { benchSelection } from './selection.ts';
import { benchSizes } from './size-ratio.ts';
import { benchStart } from './start.ts';
import { LARGE_CROWD, SMALL_CROWD, type CrowdSize } from './crowd.ts';
import { Figures } from './figures.ts';

/** How much to measure. */
export interface Scale {
  /** Scratch folder of the whole run. */
  readonly folder: string;
  readonly tags: number;
  /** Files of the folders and repos, smallest first. */
  readonly sizes: readonly number[];
  /** Commits in the history of the repos. */
  readonly commits: number;
  /** What stands beside the manifests of the mixed repo. */
  readonly others: OtherFiles;
  readonly rounds: number;
  /** No-op passes of the memory bench. */
  readonly passes: number;
  /** Objects of the cluster bench, and how long it looks. */
  readonly crowd: CrowdSize;
}

const BENCHES: Readonly<Record<string, (figures: Figures, scale: Scale) => Promise<void>>> = {
  start: benchStart,
  select: benchSelection,
  folder: benchFolders,
  repo: benchRepos,
  size: benchSizes,
  mixed: benchMixed,
  memory: benchMemory,
  cluster: benchCluster,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    sizes: { type: 'string' },
    commits: { type: 'string' },
    rounds: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    `npm run bench -- [--quick] [--json FILE] [--sizes N,N…] [--commits N] [--rounds N] [NAME…]\nNames: ${Object.keys(BENCHES).join(', ')} (default: all)`,
  );
} else {
  const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-bench-data-'));
  const scale: Scale = values.quick
    ? {
        folder,
        tags: 1_000,
        sizes: [100, 400],
        commits: 100,
        others: { code: 600, assets: 2 },
        rounds: 1,
        passes: 5,
        crowd: SMALL_CROWD,
      }
    : {
        folder,
        tags: 100_000,
        sizes: [1_000, 10_000, 50_000],
        commits: 2_000,
        others: { code: 20_000, assets: 300 },
        rounds: 7,
        passes: 1_000,
        crowd: LARGE_CROWD,
      };
  const asked = {
    ...scale,
    ...(values.sizes === undefined ? {} : { sizes: values.sizes.split(',').map(Number) }),
    ...(values.commits === undefined ? {} : { commits: Number(values.commits) }),
    ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
  };
  const figures = new Figures((text) => console.log(text));
  try {
    for (const [name, bench] of Object.entries(BENCHES)) {
      if (positionals.length > 0 && !positionals.includes(name)) continue;
      await bench(figures, asked);
    }
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify(figures.all, null, 2)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
