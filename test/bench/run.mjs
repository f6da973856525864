/**
 * Bundles the benches as the product is bundled, into a temporary folder, and runs them there with a copy
 * of the built command, which `npm run bench` has made afresh: a build in between must not change what is
 * measured. Arguments are passed on; `--help` lists them.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-bench-'));
try {
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  const bundle = await rolldown({
    input: { bench: join(root, 'test/bench/main.ts') },
    platform: 'node',
    transform: { target: 'node20' },
    // The bundled libraries' own sloppiness is no news here.
    logLevel: 'silent',
  });
  await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  });
  const args = ['--expose-gc', join(folder, 'bench.mjs'), ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      BENCH_ROOT: root,
      BENCH_COMMAND: join(folder, 'dist', 'lockkeeper.js'),
    },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
