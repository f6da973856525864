import { Command } from 'commander';
import { withExamples } from './options.ts';
import type { CommandContext } from './command.ts';

/** `lockkeeper demo`: the main job, end to end, on this machine alone. */
export function demoCommand({ io, runCli }: CommandContext): Command {
  const command = new Command('demo')
    .description('Show the main job end to end in a scratch folder, without network.')
    .option('--keep', 'keep the scratch folder')
    .action(async ({ keep }: { keep?: true }) => {
      const { runDemo } = await import('../demo/run-demo.ts');
      await runDemo({
        out: io.out,
        keep: keep ?? false,
        // Both streams into one, so that the story stays in order.
        lockkeeper: (args, cacheDir) =>
          runCli(args, {
            ...io,
            err: io.out,
            env: { ...io.env, LOCKKEEPER_CACHE_DIR: cacheDir },
          }),
      });
    });
  return withExamples(command, ['lockkeeper demo', 'lockkeeper demo --keep']);
}
