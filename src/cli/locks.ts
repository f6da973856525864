import { Command } from 'commander';
import type { ListedHold } from '../app/holds/list-holds.ts';
import type { ListedLock } from '../app/locks/list-locks.ts';
import { readConfig } from '../config.ts';
import { AppError, formatLocation } from '../domain/errors.ts';
import { formatResource } from '../domain/plan/update-plan.ts';
import type { CommandContext } from './command.ts';
import { printFindings, printJson, type Io, type Output } from './io.ts';
import {
  addSettingsOptions,
  outputOption,
  settingsOf,
  withExamples,
  type SettingsOptions,
} from './options.ts';
import { withProgress } from './progress.ts';
import { renderTable } from './table.ts';
import { targetOf } from './target.ts';

interface LocksOptions extends SettingsOptions {
  readonly output: Output;
}

/** `lockkeeper locks`: what is locked, by whom, why and until when; of a remote repo, what is held too. */
export function locksCommand({ io }: CommandContext): Command {
  const command = new Command('locks')
    .description(
      'List the locks in Git: what, at which tag, by whom, why, until when. With --repo the holds too.',
    )
    .argument('[dir]', 'folder with the manifests');
  addSettingsOptions(command)
    .addOption(outputOption())
    .action((dir: string | undefined, options: LocksOptions) => run(io, dir, options));
  return withExamples(command, [
    'lockkeeper locks .',
    'lockkeeper locks --repo https://git.example.com/team/config.git -o json',
  ]);
}

async function run(io: Io, dir: string | undefined, options: LocksOptions): Promise<void> {
  const target = targetOf(dir, options);
  const settings = settingsOf(options);
  if (target.kind === 'folder' && (settings.policies.length > 0 || settings.automation)) {
    throw new AppError('usage', '--policies and --automation go with --repo');
  }
  const { compose } = await import('../compose/ports.ts');
  const { locksOf } = await import('../app/locks/change-lock.ts');
  const ports = await compose(readConfig(io.env), options);
  try {
    const { locks, holds, findings } = await withProgress(io, 'reading locks', () =>
      locksOf(ports, { target, settings }, io.stop),
    );
    if (options.output === 'json') printJson(io, { locks, holds });
    else io.out(tables(locks, holds));
    printFindings(io, findings);
  } finally {
    await ports.close();
  }
}

function tables(locks: readonly ListedLock[], holds: readonly ListedHold[]): string {
  const ofLocks =
    locks.length === 0 ? 'nothing is locked\n' : renderTable([HEADER, ...locks.map(row)]);
  if (holds.length === 0) return ofLocks;
  return `${ofLocks}\n${renderTable([HOLDS_HEADER, ...holds.map(holdRow)])}`;
}

const HOLDS_HEADER = ['HELD', 'AT', 'REFUSED', 'BY', 'WHEN', 'IN', 'WHERE'];

function holdRow({ resource, policy, path, line, ...hold }: ListedHold): readonly string[] {
  return [
    resource === undefined ? `ImagePolicy ${policy}` : formatResource(resource),
    hold.current ?? '(no tag)',
    hold.rejected,
    hold.by ?? '-',
    hold.time ?? '-',
    hold.pullRequest ?? hold.commit?.slice(0, 12) ?? '-',
    `${path}:${line}`,
  ];
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
