import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { AppError } from '../domain/errors.ts';
import { renderCrds } from '../domain/resources/render-crds.ts';
import { withExamples } from './options.ts';
import type { CommandContext } from './command.ts';

/** `lockkeeper crds`: the resource definitions, as `kubectl apply -f -` takes them. */
export function crdsCommand({ io }: CommandContext): Command {
  const command = new Command('crds')
    .description('Print the CustomResourceDefinitions.')
    .option('--out <dir>', 'write one file each into this folder instead')
    .action(async ({ out }: { out?: string }) => {
      const files = renderCrds();
      if (out === undefined) {
        io.out(files.map(({ text }) => text).join(''));
        return;
      }
      await writeAll(out, files);
    });
  return withExamples(command, [
    'lockkeeper crds | kubectl apply -f -',
    'lockkeeper crds --out crds',
  ]);
}

async function writeAll(dir: string, files: ReturnType<typeof renderCrds>): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    for (const { name, text } of files) await writeFile(join(dir, name), text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('usage', `cannot write to the folder ${dir}: ${reason}`, { cause });
  }
}
