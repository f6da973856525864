import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import { leanUndici } from './scripts/lean-undici.ts';
import { thirdPartyNotices } from './scripts/third-party-notices.ts';

/** The file `package.json` names as the command must be runnable as it is. */
const executableEntry: Plugin = {
  name: 'executable-entry',
  writeBundle({ dir }, bundle) {
    for (const chunk of Object.values(bundle))
      if (dir !== undefined && chunk.type === 'chunk' && chunk.isEntry)
        chmodSync(join(dir, chunk.fileName), 0o755);
  },
};

/** Wherever `dist` is put, Node is told what its files are; else it tries each as CommonJS first. */
const packageType: Plugin = {
  name: 'package-type',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "module" }\n' });
  },
};

/**
 * What ships: one entry with every dependency inside, and a lazy chunk per `await import()`, so that a
 * command loads only the clients it uses. No source maps: stack traces never reach users, and
 * names are left unmangled for those who debug.
 */
export default defineConfig({
  input: { lockkeeper: 'src/main.ts' },
  platform: 'node',
  transform: { target: 'node20' },
  plugins: [executableEntry, packageType, leanUndici(), thirdPartyNotices()],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
    chunkFileNames: 'chunks/[name]-[hash].js',
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  },
});
