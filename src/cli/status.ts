import { Command } from 'commander';
import type { HoldRow } from '../app/controller/status-table.ts';
import type { CommandContext } from './command.ts';
import { oneLine } from '../domain/foreign-text.ts';
import { printJson, type Io, type Output } from './io.ts';
import { addClusterOptions, outputOption, withExamples, type ClusterOptions } from './options.ts';
import { withProgress } from './progress.ts';
import { renderTable } from './table.ts';

interface StatusOptions extends ClusterOptions {
  readonly output: Output;
}

/** `lockkeeper status`: how the policies and automations of a cluster stand. */
export function statusCommand({ io }: CommandContext): Command {
  const command = new Command('status').description(
    'Show how the policies and automations of a cluster stand.',
  );
  addClusterOptions(command)
    .addOption(outputOption())
    .action((options: StatusOptions) => show(io, options));
  return withExamples(command, ['lockkeeper status', 'lockkeeper status -n apps -o json']);
}

async function show(io: Io, options: StatusOptions): Promise<void> {
  const { clusterStatus } = await import('../compose/cluster.ts');
  const scope = { namespaces: options.namespace ?? [] };
  const { policies, automations, holds } = await withProgress(io, 'asking the cluster', () =>
    clusterStatus(options, scope, io.stop),
  );
  if (options.output === 'json') {
    printJson(io, { policies, automations, holds });
    return;
  }
  if (policies.length + automations.length === 0) {
    io.out('there are no ImagePolicies and no ImageUpdateAutomations\n');
    return;
  }
  const policyRows = policies.map((row) => [
    row.policy,
    row.image,
    row.previous ?? '-',
    row.latest ?? '-',
    row.pending?.map(({ tag }) => tag).join(' ') ?? '-',
    row.state,
    oneLine(row.message),
  ]);
  const automationRows = automations.map((row) => [
    row.automation,
    row.repo,
    row.lastPush ?? '-',
    row.state,
    oneLine(row.message),
  ]);
  io.out(
    renderTable([
      ['POLICY', 'IMAGE', 'PREVIOUS', 'LATEST', 'PENDING', 'STATE', 'MESSAGE'],
      ...policyRows,
    ]),
  );
  io.out('\n');
  io.out(renderTable([['AUTOMATION', 'REPO', 'LAST PUSH', 'STATE', 'MESSAGE'], ...automationRows]));
  if (holds.length === 0) return;
  io.out('\n');
  io.out(renderTable([HOLDS_HEADER, ...holds.map(holdRow)]));
}

const HOLDS_HEADER = ['AUTOMATION', 'HELD', 'REFUSED', 'BY', 'WHEN', 'IN'];

function holdRow({ automation, location, tag, ...hold }: HoldRow): readonly string[] {
  return [
    automation,
    location,
    tag,
    hold.by ?? '-',
    hold.time ?? '-',
    hold.pullRequest ?? hold.commit?.slice(0, 12) ?? '-',
  ];
}
