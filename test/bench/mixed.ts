import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestFiles } from '../support/git/repo.ts';
import { startBenchRepo, type BenchRepo } from './bench-repo.ts';
import { benchConfig, openController } from './controller.ts';
import type { Figures } from './figures.ts';
import type { Scale } from './main.ts';
import { HUMAN_PATH } from './sample-files.ts';

/** What stands beside the manifests of a mixed repo: files of 5 kB, and of 1 MB. */
export interface OtherFiles {
  readonly code: number;
  readonly assets: number;
}

const ENGINES = ['native', 'isomorphic'] as const;
/** The first is the floor. */
const SERVERS = [
  { name: 'everything is sent', filters: false },
  { name: 'what is not read is left out', filters: true },
];
const MANIFESTS = 200;
/** So many assets are in memory at a time. */
const AT_ONCE = 20;

/** Counts of one pass: the floor is a server that leaves nothing out. */
interface Counts {
  readonly requests: Map<string, number[]>;
  readonly bytes: Map<string, number[]>;
}

/** A repo in which the manifests are a small part, at servers that leave out what is not asked for and at others. */
export async function benchMixed(figures: Figures, scale: Scale): Promise<void> {
  const folder = join(scale.folder, 'mixed');
  const repo = await startBenchRepo(folder, { files: MANIFESTS, commits: scale.commits });
  try {
    addOthers(repo, scale.others);
    for (const engine of ENGINES) {
      const counts: Counts = { requests: new Map(), bytes: new Map() };
      for (const { filters } of SERVERS) {
        repo.remote.git('config', 'uploadpack.allowFilter', String(filters));
        await countPasses(repo, { engine, folder, counts });
      }
      for (const unit of ['requests', 'bytes'] as const) {
        for (const [what, values] of counts[unit]) {
          const lines = values.map((value, index) => ({
            name: SERVERS[index]?.name ?? '',
            samples: [value],
          }));
          figures.add(`mixed repo, ${what}, ${engine}: ${unit}`, unit, lines);
        }
      }
    }
    await timePasses(figures, repo, scale);
  } finally {
    await repo.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly engine: (typeof ENGINES)[number];
  readonly folder: string;
  readonly counts: Counts;
}

async function countPasses(repo: BenchRepo, { engine, folder, counts }: Run): Promise<void> {
  const cacheDir = join(folder, 'cache');
  const controller = await openController(repo.url, benchConfig(cacheDir, engine));
  const count = async (what: string) => {
    repo.traffic();
    await controller.pass();
    const traffic = repo.traffic();
    for (const unit of ['requests', 'bytes'] as const) {
      counts[unit].set(what, [...(counts[unit].get(what) ?? []), traffic[unit]]);
    }
  };
  const release = () => {
    repo.registry.release('target');
    controller.makeScansDue();
  };
  try {
    await count('first pass');
    await count('nothing to do');
    release();
    await count('first image');
    repo.remote.commit({ [HUMAN_PATH]: `n: ${randomBytes(8).toString('hex')}\n` });
    release();
    await count('one image, after a change of a manifest');
    repo.remote.commit({ ...code(20), ...assets(0, 1) });
    await count('a change of twenty code files and an asset');
  } finally {
    await controller.close();
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

/** First passes, each with an empty cache. */
async function timePasses(figures: Figures, repo: BenchRepo, { folder, rounds }: Scale) {
  const cacheDir = join(folder, 'mixed', 'cache');
  for (const engine of ENGINES) {
    const tasks = SERVERS.map(({ name, filters }) => ({
      name,
      before: () => {
        rmSync(cacheDir, { recursive: true, force: true });
        repo.remote.git('config', 'uploadpack.allowFilter', String(filters));
      },
      run: async () => {
        const controller = await openController(repo.url, benchConfig(cacheDir, engine));
        await controller.pass();
        await controller.close();
      },
    }));
    await figures.time(`mixed repo, first pass, ${engine}`, Math.min(rounds, 3), tasks);
  }
}

function addOthers(repo: BenchRepo, { code: codeFiles, assets: assetFiles }: OtherFiles): void {
  // What cannot be compressed is not tried to.
  repo.remote.git('config', 'core.bigFileThreshold', '500k');
  repo.remote.commit(code(codeFiles));
  for (let from = 0; from < assetFiles; from += AT_ONCE) {
    repo.remote.commit(assets(from, Math.min(assetFiles, from + AT_ONCE)));
  }
  repo.remote.git('repack', '-adq');
}

/** Each time other contents. */
function code(count: number): TestFiles {
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index += 1) {
    const seed = randomBytes(8).toString('hex');
    const words = Array.from({ length: 80 }, (_, line) =>
      createHash('sha1').update(`${seed} ${line}`).digest('base64'),
    );
    const path = `src/module-${index % 400}/file-${index}.ts`;
    files[path] = words.map((word) => `export const value = '${word}';\n`).join('');
  }
  return files;
}

function assets(from: number, to: number): TestFiles {
  const files: Record<string, Uint8Array> = {};
  for (let index = from; index < to; index += 1) {
    files[`assets/image-${index}.png`] = randomBytes(1_000_000);
  }
  return files;
}
