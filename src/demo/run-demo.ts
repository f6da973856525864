import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { startDemoRegistry } from './demo-registry.ts';
import { startDemoGitServer } from './demo-git-server.ts';
import { createDemoRepo, REPO_NAME } from './demo-repo.ts';

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
  const server = await startDemoGitServer(folder);
  const url = server.url(REPO_NAME);
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
    const update = () => run('update', '--repo', url);
    step('A config repo runs podinfo 6.0.0. Nothing newer is in the registry.');
    await update();
    step('Tag 6.1.0 appears in the registry: one commit follows.');
    registry.addTag('6.1.0');
    await update();
    out(`\n${await repo.show()}`);
    step('Someone locks the workload, with a reason, in Git.');
    const lock = 'lock Deployment/podinfo --tag 6.1.0 --by ana --until 30d'.split(' ');
    await run(...lock, '--reason', '6.2.0 breaks the checkout', '--repo', url);
    step('Tag 6.2.0 appears: the lock holds.');
    registry.addTag('6.2.0');
    await update();
    await run('locks', '--repo', url);
    step('Unlocked: it moves on by one commit.');
    await run('unlock', 'Deployment/podinfo', '--repo', url);
    await update();
    out(`\n${await repo.show()}`);
    step('The history is the audit log.');
    out(await repo.log());
    out(keep ? `\nKept: ${folder}\n` : '');
  } finally {
    registry.close();
    server.close();
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}
