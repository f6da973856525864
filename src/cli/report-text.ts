import { createTwoFilesPatch } from 'diff';
import { styleText } from 'node:util';
import type { FileEdit } from '../app/update/edit-files.ts';
import type {
  BranchReport,
  PolicyReport,
  ReportedCommit,
  UpdateReport,
} from '../app/update/update-report.ts';
import { placeText } from '../domain/branches/destination.ts';
import type { SettledPullRequest } from '../app/pull-requests/settle-pull-requests.ts';
import type { Change } from '../domain/plan/update-plan.ts';
import { oneLine } from '../domain/foreign-text.ts';

/** What a person wants to know after a pass: what moved, what did not and why, the commit. */
export function reportText(report: UpdateReport, verb: string): string {
  const lines = [
    ...report.changes.map((change) => `${verb} ${changeText(change)}`),
    ...report.held.map(
      (held) => `held ${held.path}:${held.line} (${held.policy}): ${held.message}`,
    ),
    ...report.policies.flatMap(waitingText),
    ...report.commits.map(commitText),
    ...report.branches.flatMap(branchText),
    ...report.pullRequests.map(pullRequestText),
  ];
  if (report.changes.length + report.branches.length === 0) lines.push(nothingText(report));
  return lines.map((line) => `${oneLine(line)}\n`).join('');
}

/** Where nothing can be chosen yet, what is held says it all. */
function waitingText({
  policy,
  state,
  waiting: [waiting] = [],
  heldBack: [heldBack] = [],
}: PolicyReport): readonly string[] {
  if (state !== 'selected') return [];
  if (waiting !== undefined) return [`waiting ${policy}: ${waiting.tag} ${waiting.message}`];
  return heldBack === undefined
    ? []
    : [`passed over ${policy}: ${heldBack.tag} ${heldBack.message}`];
}

function commitText({ id, subject }: ReportedCommit): string {
  return `commit ${id.slice(0, 12)} ${subject}`;
}

/** Why one is left alone is a finding, and told with the others. */
function branchText({ branch, state }: BranchReport): readonly string[] {
  const place = placeText(branch);
  switch (state) {
    case 'pushed':
      return [`pushed to ${place}, where it waits to be merged`];
    case 'current':
    case 'kept':
      return [`nothing to do: ${place} holds what is to change, and waits to be merged`];
    case 'planned':
      return [`would push to ${place}`];
    case 'deleted':
      return [`deleted ${place}: nothing that waited there is left to be done`];
    case 'to-delete':
      return [`would delete ${place}: nothing that waits there is left to be done`];
    case 'foreign':
      return [];
  }
}

function pullRequestText({ state, url, title, branch }: SettledPullRequest): string {
  const named = `${url ?? `from ${branch}`} ${title}`;
  return `pull request ${PULL_REQUEST_STATES[state]}: ${named}`;
}

const PULL_REQUEST_STATES: Readonly<Record<SettledPullRequest['state'], string>> = {
  current: 'open, and up to date',
  opened: 'opened',
  edited: 'brought up to date',
  closed: 'closed, for nothing is left to do',
  'to-open': 'that would be opened',
  'to-edit': 'that would be brought up to date',
  'to-close': 'that would be closed, for nothing is left to do',
};

function changeText(change: Change): string {
  const lock = change.locked ? ', locked' : '';
  return `${change.path}:${change.line} ${change.image} ${change.from ?? 'no tag'} -> ${change.to} (${change.policy}${lock})`;
}

/** "Nothing" is always explained: nothing to look at, or nothing newer. */
function nothingText(report: UpdateReport): string {
  const locations = report.policies.reduce((sum, policy) => sum + policy.locations.total, 0);
  if (report.policies.length === 0) return 'nothing to do: no ImagePolicy applies';
  if (locations === 0)
    return 'nothing to do: no field belongs to these policies; mark one, take --strategy Images, or check the paths';
  return `nothing to do: ${locations} ${locations === 1 ? 'location' : 'locations'} checked`;
}

/** Unified diff of edited files. */
export function diffText(edits: readonly FileEdit[], colors: boolean): string {
  const patches = edits.map(({ path, before, after }) =>
    createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
      context: 3,
    }).replace(/^=+\n/, ''),
  );
  const patch = patches.join('');
  return colors ? patch.split('\n').map(colorLine).join('\n') : patch;
}

function colorLine(line: string): string {
  if (line.startsWith('+++') || line.startsWith('---')) return inColor('bold', line);
  if (line.startsWith('+')) return inColor('green', line);
  if (line.startsWith('-')) return inColor('red', line);
  return line.startsWith('@@') ? inColor('cyan', line) : line;
}

/** Whether there may be colours has been decided: Node must not look at the process's own stdout. */
function inColor(color: 'bold' | 'green' | 'red' | 'cyan', line: string): string {
  return styleText(color, line, { validateStream: false });
}
