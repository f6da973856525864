import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBenchRepo } from './bench-repo.ts';
import { lockkeeper, run } from './command.ts';
import { benchConfig, openController } from './controller.ts';
import type { Figures } from './figures.ts';
import type { Scale } from './main.ts';

const MIB = 1024 * 1024;

/** Makes a Node process say, as its last line, its peak of resident memory in KiB. */
const TELL_PEAK = `data:text/javascript,process.on('exit',()=>console.log(process.resourceUsage().maxRSS))`;

/** Peak memory of the command by repo size, and memory of the controller over many passes. */
export async function benchMemory(figures: Figures, scale: Scale): Promise<void> {
  const peak = async (work: (nodeArgs: readonly string[]) => Promise<string>) => {
    const output = await work(['--import', TELL_PEAK]);
    return [Number(output.trimEnd().split('\n').at(-1)) / 1024];
  };
  const lines = [
    {
      name: 'node -e 0',
      samples: await peak((nodeArgs) => run(process.execPath, [...nodeArgs, '-e', '0'])),
    },
  ];
  for (const size of scale.sizes) {
    const repo = await startBenchRepo(scale.folder, { files: size, commits: 0 });
    const cacheDir = join(scale.folder, `memory-${size}`);
    const args = ['update', '--repo', repo.url, '--git-engine', 'native'];
    const update = (nodeArgs: readonly string[]) =>
      lockkeeper(args, { env: { LOCKKEEPER_CACHE_DIR: cacheDir } }, nodeArgs);
    try {
      lines.push({ name: `${size} files, cold`, samples: await peak(update) });
      lines.push({ name: `${size} files, warm`, samples: await peak(update) });
      if (size === scale.sizes.at(-1)) await benchPasses(figures, scale, repo.url);
    } finally {
      await repo.close();
      for (const path of [cacheDir, repo.remote.path]) {
        rmSync(path, { recursive: true, force: true });
      }
    }
  }
  figures.add('peak memory of update --repo, native', 'MiB', lines);
}

/** Heap after a collection, so that only what is really kept counts; the bench's own servers are in it. */
async function benchPasses(figures: Figures, { folder, passes }: Scale, url: string) {
  const cacheDir = join(folder, 'memory-passes');
  const controller = await openController(url, benchConfig(cacheDir, 'native'));
  const heap = () => {
    globalThis.gc?.();
    return [process.memoryUsage().heapUsed / MIB];
  };
  try {
    await controller.pass();
    await controller.pass();
    const lines = [{ name: 'after 2 passes', samples: heap() }];
    for (const part of [0.25, 0.5, 0.75, 1]) {
      for (let n = 0; n < passes / 4; n += 1) await controller.pass();
      lines.push({ name: `after ${Math.ceil(passes * part)} more`, samples: heap() });
    }
    figures.add(`heap of the controller over ${passes} passes with nothing to do`, 'MiB', lines);
  } finally {
    await controller.close();
    rmSync(cacheDir, { recursive: true, force: true });
  }
}
