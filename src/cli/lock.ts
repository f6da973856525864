import { Command } from 'commander';
import type { LockOutcome } from '../app/locks/change-lock.ts';
import { parseLockTarget } from '../app/locks/lock-target.ts';
import { readConfig, type Config } from '../config.ts';
import { AppError } from '../domain/errors.ts';
import { parseDuration } from '../domain/schedule.ts';
import type { CommandContext } from './command.ts';
import { printFindings, printJson, type Io, type Output } from './io.ts';
import {
  addPushBranchOptions,
  outputOption,
  settingsOf,
  withExamples,
  type PushBranchOptions,
} from './options.ts';
import { checkOneLine, whoAsks } from './one-line.ts';
import { withProgress } from './progress.ts';
import { branchOf, commitText } from './commit-text.ts';
import { diffText } from './report-text.ts';
import { pushBranchOf, targetOf } from './target.ts';

interface UnlockOptions extends PushBranchOptions {
  readonly namespace?: string;
  readonly dryRun?: true;
  readonly commit?: true;
  readonly output: Output;
}

interface LockOptions extends UnlockOptions {
  readonly tag?: string;
  readonly reason?: string;
  readonly by?: string;
  readonly until?: string;
}

/** `lockkeeper lock`: pin a workload, a policy or one marked field, in Git. */
export function lockCommand({ io }: CommandContext): Command {
  const command = placeCommand('lock', 'Pin a workload, policy or marked field to a tag, in Git.')
    .option('--tag <tag>', 'tag to go to and stay at (default: what is there now)')
    .option('--reason <text>', 'why, for those who read it')
    .option('--by <who>', 'who locks it (default: $USER)')
    .option(
      '--until <time>',
      'when it lifts by itself: RFC 3339, or a duration such as 12h or 30d',
    );
  addCommon(command).action((place: string, dir: string | undefined, options: LockOptions) =>
    change(io, { place, dir }, options, 'lock'),
  );
  return withExamples(command, [
    'lockkeeper lock Deployment/podinfo -n apps --tag 6.1.0 --reason "6.2.0 leaks memory" --until 7d .',
    'lockkeeper lock ImagePolicy/podinfo --tag 6.1.0 --repo https://git.example.com/team/config.git',
    'lockkeeper lock charts/values.yaml:14 --tag 6.1.0 .',
  ]);
}

/** `lockkeeper unlock`: take a lock away again. */
export function unlockCommand({ io }: CommandContext): Command {
  const command = placeCommand('unlock', 'Remove a lock, in Git.');
  addCommon(command).action((place: string, dir: string | undefined, options: UnlockOptions) =>
    change(io, { place, dir }, options, 'unlock'),
  );
  return withExamples(command, [
    'lockkeeper unlock Deployment/podinfo -n apps .',
    'lockkeeper unlock ImagePolicy/podinfo --repo https://git.example.com/team/config.git',
  ]);
}

function placeCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<place>', 'KIND/NAME, or FILE:LINE of a marked field')
    .argument('[dir]', 'folder with the manifests');
}

function addCommon(command: Command): Command {
  command
    .option('-n, --namespace <namespace>', 'namespace of KIND/NAME')
    .option('--dry-run', 'print the diff and write nothing')
    .option('--commit', 'commit what was written (a folder in a Git work tree)');
  return addPushBranchOptions(command).addOption(outputOption());
}

async function change(
  io: Io,
  { place, dir }: { place: string; dir: string | undefined },
  options: LockOptions,
  action: 'lock' | 'unlock',
): Promise<void> {
  const config = readConfig(io.env);
  const target = targetOf(dir, options);
  const request = {
    target,
    place: parseLockTarget(place, options.namespace),
    settings: settingsOf(options),
    ...pushBranchOf(options),
    dryRun: options.dryRun ?? false,
    commit: options.commit ?? false,
    ...(action === 'lock' ? { wish: wishOf(options, config) } : {}),
  };
  const { compose } = await import('../compose/ports.ts');
  const { changeLock } = await import('../app/locks/change-lock.ts');
  const ports = await compose(config, options);
  try {
    const outcome = await withProgress(io, `${action}ing ${place}`, () =>
      changeLock(ports, request, io.stop),
    );
    print(io, options, outcome);
  } finally {
    await ports.close();
  }
}

function wishOf(options: LockOptions, config: Config) {
  const { tag, reason } = options;
  const by = whoAsks(options.by, config.user);
  checkOneLine({ reason, by });
  if (tag !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tag)) {
    throw new AppError('usage', `--tag "${tag}" is no tag: letters, digits, "_", "." and "-" only`);
  }
  return {
    ...(tag === undefined ? {} : { tag }),
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...(options.until === undefined ? {} : { until: untilOf(options.until) }),
  };
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A moment (RFC 3339), or a time from now: days, or a duration as resources have it. */
function untilOf(text: string): string {
  const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;
  if (moment.test(text) && !Number.isNaN(Date.parse(text))) return text;
  const ms = fromNowMs(text);
  const time = new Date(Math.ceil((Date.now() + (ms ?? NaN)) / 1_000) * 1_000);
  if (!Number.isNaN(time.getTime())) return time.toISOString().replace('.000Z', 'Z');
  throw new AppError(
    'usage',
    `--until "${text}" is no time; give 2026-12-31T18:00:00Z, or a duration such as 12h or 30d`,
  );
}

function fromNowMs(text: string): number | undefined {
  const days = /^([1-9][0-9]{0,3})d$/.exec(text)?.[1];
  if (days !== undefined) return Number(days) * DAY_MS;
  return /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/.test(text) ? parseDuration(text) : undefined;
}

function print(io: Io, options: UnlockOptions, outcome: LockOutcome): void {
  const { edit, change: done, commit } = outcome;
  printFindings(io, outcome.findings);
  if (done.until !== undefined && Date.parse(done.until) <= Date.now()) {
    io.err(`warning: --until ${done.until} is past, so that the lock holds nothing\n`);
  }
  const diff = edit === undefined ? '' : diffText([edit], io.colors && options.output === 'text');
  if (options.output === 'json') {
    const made = commit === undefined ? {} : { commit, ...branchOf(options) };
    printJson(io, { ...done, changed: edit !== undefined, diff, ...made });
    return;
  }
  if (edit === undefined) {
    io.out(`${done.target} is ${done.action}ed already\n`);
    return;
  }
  io.out(diff);
  const verb = options.dryRun === true ? `would ${done.action}` : `${done.action}ed`;
  io.out(`${verb} ${done.target} in ${done.path}\n`);
  io.out(commitText(options, commit));
}
