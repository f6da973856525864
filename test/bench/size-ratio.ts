import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBenchRepo, type BenchRepo } from './bench-repo.ts';
import { benchConfig, openController, type Controller } from './controller.ts';
import type { Figures } from './figures.ts';
import type { Scale } from './main.ts';

/** A repo of one size that a controller works on. */
interface Subject {
  readonly name: string;
  readonly repo: BenchRepo;
  readonly controller: Controller;
}

/** What a pass costs on repos of several sizes, the smallest being the floor. */
export async function benchSizes(figures: Figures, scale: Scale): Promise<void> {
  for (const engine of ['native', 'isomorphic'] as const) {
    const folder = join(scale.folder, `sizes-${engine}`);
    const subjects: Subject[] = [];
    try {
      for (const files of scale.sizes) {
        const repo = await startBenchRepo(folder, { files, commits: scale.commits });
        const cacheDir = join(folder, `cache-${files}`);
        const controller = await openController(repo.url, benchConfig(cacheDir, engine));
        subjects.push({ name: `${files} files`, repo, controller });
        await controller.pass();
      }
      await timePasses(figures, { engine, rounds: scale.rounds, subjects });
    } finally {
      for (const { repo, controller } of subjects) {
        await controller.close();
        await repo.close();
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function timePasses(
  figures: Figures,
  { engine, rounds, subjects }: { engine: string; rounds: number; subjects: readonly Subject[] },
): Promise<void> {
  await figures.time(
    `controller, ${engine}, by size of the repo: nothing to do`,
    rounds,
    subjects.map(({ name, controller }) => ({ name, run: () => controller.pass() })),
  );
  await figures.time(
    `controller, ${engine}, by size of the repo: one image, after a commit by people`,
    rounds,
    subjects.map(({ name, repo, controller }) => ({
      name,
      before: () => {
        repo.changeByPeople(1);
        repo.registry.release('target');
        controller.makeScansDue();
      },
      run: async () => {
        if ((await controller.pass()) !== 1) throw new Error('one file was to change');
      },
    })),
  );
}
