import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { startDemoRegistry } from './demo-registry.ts';
import { createDemoRepo } from './demo-repo.ts';

/** What the demo is told by the command line. */
export interface DemoOptions {
  readonly out: (text: string) => void;
  /** Runs `lockkeeper` with these arguments, and a cache folder of the demo's own. */
  readonly lockkeeper: (args: readonly string[], cacheDir: string) => Promise<number>;
  /** Keep the scratch folder. */
  readonly keep: boolean;
}

/**
 * The main job end to end in a scratch folder, without network: a tag appears, a commit follows, a
 * lock holds, an unlock moves on. Every step is the real command on a real repo.
 */
export async function runDemo({ out, lockkeeper, keep }: DemoOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lockkeeper-demo-'));
  const registry = await startDemoRegistry(['5.9.9', '6.0.0']);
  const step = (text: string) => out(`\n== ${text}\n`);
  const run = async (...args: readonly string[]) => {
    const shown = args.map((arg) => (/[\s$]/.test(arg) ? `"${arg}"` : arg)).join(' ');
    out(`$ lockkeeper ${shown}\n`);
    const code = await lockkeeper(args, join(folder, 'cache'));
    if (code !== 0)
      throw new AppError('internal', `that step should have ended with 0, not ${code}`);
  };
  try {
    const repo = await createDemoRepo(folder, registry.image);
    const update = () => run('update', '--repo', repo.url);
    step('A config repo runs podinfo 6.0.0. Nothing newer is in the registry.');
    await update();
    step('Tag 6.1.0 appears in the registry: one commit follows.');
    registry.addTag('6.1.0');
    await update();
    out(`\n${await repo.show()}`);
    step('Someone locks the workload, with a reason, in Git.');
    await run(
      ...['lock', 'Deployment/podinfo', '--tag', '6.1.0', '--repo', repo.url],
      ...['--by', 'ana', '--reason', '6.2.0 breaks the checkout', '--until', '30d'],
    );
    step('Tag 6.2.0 appears: the lock holds.');
    registry.addTag('6.2.0');
    await update();
    await run('locks', '--repo', repo.url);
    step('Unlocked: it moves on by one commit.');
    await run('unlock', 'Deployment/podinfo', '--repo', repo.url);
    await update();
    out(`\n${await repo.show()}`);
    step('The history is the audit log.');
    out(await repo.log());
    out(keep ? `\nKept: ${folder}\n` : '');
  } finally {
    registry.close();
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}
