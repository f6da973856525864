import type { ImageUpdateAutomationSpec } from '../../api/image-update-automation.ts';
import { trailersOf } from '../commit-message.ts';
import { groupTrailer, type GroupMark } from '../commit-record.ts';
import type { Change } from '../plan/update-plan.ts';

/** A forge's kind, as `spec.pullRequest.provider` names it. */
type Provider = NonNullable<ImageUpdateAutomationSpec['pullRequest']>['provider'];

/** Azure DevOps takes no longer description (4,000 characters); Bitbucket takes the least of the others (32,768). */
const MAX_BODY_CHARS: Partial<Record<Provider, number>> = { azuredevops: 3_900 };
const USUAL_MAX_BODY_CHARS = 30_000;

/** What people read needs some room, too: where trailers take more than the rest, they go without digests. */
const MIN_DETAIL_CHARS = 1_000;

const MAX_TITLE_CHARS = 250;

const DIGEST = /^[a-z0-9]+:/;

const CLOSING = [
  'Lockkeeper keeps this pull request up to date: what others write into its text does not stay.',
  'To close it without merging is to refuse these tags; a newer one is proposed again.',
].join(' ');

/** Begins each line that leads to what changed in an image; {@link isSameText} knows them by it. */
const LINK_LINE = '- Changes of ';

/** Where people can read what lies between two tags of an image. */
export interface ChangeLink {
  /** Name as it is written. */
  readonly image: string;
  readonly from?: string;
  readonly to: string;
  /** Fit to stand in Markdown as it is. */
  readonly url: string;
}

/** What the text of a pull request is made of. */
export interface PullRequestContent {
  readonly group: GroupMark;
  readonly changes: readonly Change[];
  readonly links: readonly ChangeLink[];
  readonly provider: Provider;
}

/** Title of a pull request: the subject of its commit. */
export function pullRequestTitle(message: string): string {
  const [subject = ''] = message.split('\n', 1);
  return subject.length <= MAX_TITLE_CHARS ? subject : `${subject.slice(0, MAX_TITLE_CHARS - 1)}…`;
}

/**
 * Body of a pull request, as Markdown: old and new tags, links to what changed, files, and at its end the
 * trailers that its commit has, too: they are how it is known again, and what a person refuses by closing
 * it. What is too long is cut in the middle.
 */
export function pullRequestBody({ group, changes, links, provider }: PullRequestContent): string {
  const maxChars = MAX_BODY_CHARS[provider] ?? USUAL_MAX_BODY_CHARS;
  const record = recordOf(group, changes, maxChars - MIN_DETAIL_CHARS);
  let room = maxChars - record.length - CLOSING.length - '\n\n'.length * 4;
  const table = cut(tableOf(changes), room);
  room -= table.length;
  const files = cut(filesOf(changes), room);
  room -= files.length;
  // With and without links all else is the same, and what is left out of them needs no word.
  const linked = fitting(links.map(linkLine), room).join('\n');
  const parts = [table, linked, files, CLOSING, record].filter((part) => part !== '');
  return `${parts.join('\n\n')}\n`;
}

/**
 * Does a pull request say what it should? How lines end, blank lines, and links do not count: forges set the
 * former as they like, and links that could not be had once are no reason to write.
 */
export function isSameText(
  a: { readonly title: string; readonly body: string },
  b: { readonly title: string; readonly body: string },
): boolean {
  return a.title.trim() === b.title.trim() && essence(a.body) === essence(b.body);
}

function essence(body: string): string {
  return body
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith(LINK_LINE))
    .join('\n');
}

/** The trailers: whole, or without digests, or as many as there is room for. */
function recordOf(group: GroupMark, changes: readonly Change[], room: number): string {
  const whole = [groupTrailer(group), ...trailersOf(changes)];
  if (lengthOf(whole) <= room) return whole.join('\n');
  const short = [groupTrailer(group), ...trailersOf(changes.map(withoutDigests))];
  while (lengthOf(short) > room) short.pop();
  return short.join('\n');
}

function withoutDigests({ from, ...change }: Change): Change {
  const to = tagOf(change.to);
  return { ...change, to, ...(from === undefined ? {} : { from: tagOf(from) }) };
}

function tableOf(changes: readonly Change[]): readonly string[] {
  const rows = changes.map(({ image, from, to, policy, locked }) => {
    const why = `${code(policy)}${locked ? ', locked' : ''}`;
    return `| ${code(image)} | ${from === undefined ? 'no tag' : target(from)} | ${target(to)} | ${why} |`;
  });
  return ['| Image | From | To | Policy |', '| --- | --- | --- | --- |', ...new Set(rows)];
}

function filesOf(changes: readonly Change[]): readonly string[] {
  return changes.map(({ path, line, resource }) => {
    return `- ${code(`${path}:${line}`)}${resource === undefined ? '' : ` ${code(resource)}`}`;
  });
}

function linkLine({ image, from, to, url }: ChangeLink): string {
  const step = from === undefined ? tagOf(to) : `${tagOf(from)} to ${tagOf(to)}`;
  return `${LINK_LINE}${code(image)}: [${code(step)}](${url})`;
}

/** As many lines as there is room for, from the first. */
function fitting(lines: readonly string[], room: number): readonly string[] {
  let left = room;
  const end = lines.findIndex((line) => (left -= line.length + 1) < 0);
  return end === -1 ? lines : lines.slice(0, end);
}

/** The same as text; what is left out is said. */
function cut(lines: readonly string[], room: number): string {
  if (lengthOf(lines) <= room) return lines.join('\n');
  const kept = fitting(lines, room - MAX_NOTE_CHARS);
  const note = `- … and ${lines.length - kept.length} more: see the commit.`;
  return kept.length === 0 ? '' : [...kept, '', note].join('\n');
}

const MAX_NOTE_CHARS = 50;

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** `6.2.0`, and the beginning of its digest where it has one; trailers have all of it. */
function target(text: string): string {
  const [first = '', second] = text.split('@', 2);
  const shown = (part: string) => code(DIGEST.test(part) ? `${part.slice(0, 19)}…` : part);
  return second === undefined ? shown(first) : `${shown(first)} ${shown(second)}`;
}

/** What stands before the digest; a digest alone is all there is. */
function tagOf(text: string): string {
  const at = text.indexOf('@');
  return at === -1 ? text : text.slice(0, at);
}

/** As code, so that no name is read as Markdown, and none mentions a person. */
function code(text: string): string {
  return `\`${text.replaceAll(/[`|\p{Cc}]+/gu, ' ')}\``;
}
