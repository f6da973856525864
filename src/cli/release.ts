import { Command } from 'commander';
import type { ReleaseOutcome } from '../app/holds/release-holds.ts';
import { parseLockTarget } from '../app/locks/lock-target.ts';
import type { RemoteTarget } from '../app/update/target.ts';
import { readConfig } from '../config.ts';
import { AppError } from '../domain/errors.ts';
import type { CommandContext } from './command.ts';
import { printJson, type Io, type Output } from './io.ts';
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
import { pushBranchOf, remoteTarget } from './target.ts';

interface ReleaseOptions extends PushBranchOptions {
  readonly namespace?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly output: Output;
}

/** `lockkeeper release`: let a field move on that a person had moved back. */
export function releaseCommand({ io }: CommandContext): Command {
  const command = new Command('release')
    .description(
      'Lift, in Git, the hold of a field that was moved back by hand, or whose pull request was closed.',
    )
    .argument('<place>', 'KIND/NAME, ImagePolicy/NAME, or FILE:LINE')
    .option('-n, --namespace <namespace>', 'namespace of KIND/NAME')
    .option('--by <who>', 'who releases it (default: $USER)')
    .option('--reason <text>', 'why, for those who read it')
    .option('--dry-run', 'say what would be released and write nothing');
  addPushBranchOptions(command)
    .addOption(outputOption())
    .action((place: string, options: ReleaseOptions) => release(io, place, options));
  return withExamples(command, [
    'lockkeeper release Deployment/podinfo -n apps --repo https://git.example.com/team/config.git',
    'lockkeeper release charts/values.yaml:14 --reason "6.2.0 is fine" --repo https://git.example.com/team/config.git',
  ]);
}

async function release(io: Io, place: string, options: ReleaseOptions): Promise<void> {
  const { reason, dryRun = false } = options;
  const target = remoteOf(options);
  const config = readConfig(io.env);
  const by = whoAsks(options.by, config.user);
  checkOneLine({ by, reason });
  const request = {
    target,
    place: parseLockTarget(place, options.namespace),
    settings: settingsOf(options),
    ...pushBranchOf(options),
    dryRun,
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  };
  const { compose } = await import('../compose/ports.ts');
  const { releaseHolds } = await import('../app/holds/release-holds.ts');
  const ports = await compose(config, options);
  try {
    const outcome = await withProgress(io, `releasing ${place}`, () =>
      releaseHolds(ports, request, io.stop),
    );
    print(io, options, outcome);
  } finally {
    await ports.close();
  }
}

function remoteOf({ repo, branch }: ReleaseOptions): RemoteTarget {
  if (repo !== undefined) return remoteTarget(repo, branch);
  throw new AppError('usage', 'holds are part of history: name the repo with --repo URL');
}

function print(io: Io, options: ReleaseOptions, outcome: ReleaseOutcome): void {
  const { output, dryRun } = options;
  if (output === 'json') {
    const made = outcome.commit === undefined ? {} : branchOf(options);
    printJson(io, { ...outcome, ...made });
    return;
  }
  const verb = dryRun === true ? 'would release' : 'released';
  for (const { path, line, policy, rejected, pullRequest } of outcome.holds) {
    const what = pullRequest === undefined ? 'written' : 'proposed';
    io.out(`${verb} ${path}:${line} (${policy}): ${rejected} may be ${what} again\n`);
  }
  io.out(commitText(options, outcome.commit));
}
