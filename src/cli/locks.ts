import { Command } from 'commander';
import type { ListedLock } from '../app/locks/list-locks.ts';
import { readConfig } from '../config.ts';
import { formatLocation } from '../domain/errors.ts';
import type { CommandContext } from './command.ts';
import { printFindings, printJson, type Io, type Output } from './io.ts';
import { addRepoOptions, outputOption, withExamples, type RepoOptions } from './options.ts';
import { withProgress } from './progress.ts';
import { renderTable } from './table.ts';
import { targetOf } from './target.ts';

interface LocksOptions extends RepoOptions {
  readonly output: Output;
}

/** `lockkeeper locks`: what is locked, by whom, why and until when. */
export function locksCommand({ io }: CommandContext): Command {
  const command = new Command('locks')
    .description('List the locks in Git: what, at which tag, by whom, why, until when.')
    .argument('[dir]', 'folder with the manifests');
  addRepoOptions(command)
    .addOption(outputOption())
    .action((dir: string | undefined, options: LocksOptions) => run(io, dir, options));
  return withExamples(command, [
    'lockkeeper locks .',
    'lockkeeper locks --repo https://git.example.com/team/config.git -o json',
  ]);
}

async function run(io: Io, dir: string | undefined, options: LocksOptions): Promise<void> {
  const target = targetOf(dir, options);
  const { compose } = await import('../compose/ports.ts');
  const { locksOf } = await import('../app/locks/change-lock.ts');
  const ports = await compose(readConfig(io.env), options);
  try {
    const { locks, findings } = await withProgress(io, 'reading locks', () =>
      locksOf(ports, target, io.stop),
    );
    if (options.output === 'json') printJson(io, { locks });
    else
      io.out(locks.length === 0 ? 'nothing is locked\n' : renderTable([HEADER, ...locks.map(row)]));
    printFindings(io, findings);
  } finally {
    await ports.close();
  }
}

const HEADER = ['LOCKED', 'TAG', 'BY', 'UNTIL', 'STATE', 'WHERE', 'REASON'];

function row(lock: ListedLock): readonly string[] {
  return [
    lock.target,
    lock.tag ?? lock.digest ?? '(as it is)',
    lock.by ?? '-',
    lock.until ?? '-',
    lock.expired ? 'expired' : 'locked',
    formatLocation(lock.at),
    lock.reason ?? '-',
  ];
}
