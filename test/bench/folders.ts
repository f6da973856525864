import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { updateOnce } from '../../src/app/update/update-once.ts';
import { compose } from '../../src/compose/ports.ts';
import { shell } from './command.ts';
import { benchConfig, NEVER } from './controller.ts';
import type { Figures } from './figures.ts';
import type { Scale } from './main.ts';
import { REPOSITORIES, sampleFiles } from './sample-files.ts';
import { startTagServer } from './tag-server.ts';

/** Finds and edits marked fields in folders, against what `grep` and `sed` need for the same files. */
export async function benchFolders(figures: Figures, scale: Scale): Promise<void> {
  const registry = await startTagServer();
  const ports = await compose(benchConfig(join(scale.folder, 'folder-cache'), 'native'));
  try {
    for (const size of scale.sizes) {
      const [dir, twin] = [`${scale.folder}/manifests-${size}`, `${scale.folder}/twin-${size}`];
      const files = sampleFiles(size, registry.host);
      writeFiles(dir, files);
      writeFiles(twin, files);
      const request = {
        policies: [],
        update: {},
        dryRun: false,
        commit: false,
        ignoreWindows: false,
      };
      const update = async (isChange: boolean) => {
        const target = { kind: 'folder', dir } as const;
        const { pass } = await updateOnce(ports, { ...request, target }, NEVER);
        if (pass.edits.length > 0 !== isChange) throw new Error(`${pass.edits.length} edits`);
      };
      const find = `grep -rlZ --fixed-strings '$imagepolicy' ${twin}`;
      const edit = `sed -i -E '/imagepolicy/s/:1\\.0\\.[0-9]+ /:1.0.x /'`;
      // Earlier sizes made releases: catch up with them.
      await updateOnce(ports, { ...request, target: { kind: 'folder', dir } }, NEVER);
      await figures.time(`look through ${size} manifests, nothing to do`, scale.rounds, [
        { name: 'grep -rl', run: () => shell(find) },
        { name: 'one pass', run: () => update(false) },
      ]);
      await figures.time(`edit the marked 5% of ${size} manifests`, scale.rounds, [
        { name: 'grep -rl | xargs sed -i', run: () => shell(`${find} | xargs -0 ${edit}`) },
        {
          name: 'one pass',
          before: () => REPOSITORIES.forEach((name) => registry.release(name)),
          run: () => update(true),
        },
      ]);
    }
  } finally {
    registry.close();
    await ports.close();
  }
}

function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
