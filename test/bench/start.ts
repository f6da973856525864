import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockkeeper, run } from './command.ts';
import type { Figures } from './figures.ts';
import type { Scale } from './main.ts';

/** What a command costs before it does anything, against Node's own start. */
export async function benchStart(figures: Figures, { folder, rounds }: Scale): Promise<void> {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'service.yaml'), 'apiVersion: v1\nkind: Service\n');
  await figures.time('start a command', rounds * 2, [
    { name: 'node -e 0', run: () => run(process.execPath, ['-e', '0']) },
    { name: 'lockkeeper --version', run: () => lockkeeper(['--version']) },
    {
      name: 'lockkeeper select --tags-from -',
      run: () =>
        lockkeeper(['select', '--tags-from', '-', '--semver', '1.x'], { input: '1.0.0\n' }),
    },
    { name: 'lockkeeper crds', run: () => lockkeeper(['crds']) },
    { name: 'lockkeeper validate (one file)', run: () => lockkeeper(['validate', empty]) },
  ]);
}
