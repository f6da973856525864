import type { ReleasedPlace } from './commit-record.ts';
import { oneLine } from './foreign-text.ts';
import { groupBy } from './group-by.ts';
import type { Change } from './plan/update-plan.ts';

/** Whom a commit is by. */
interface Committer {
  readonly name: string;
  readonly email: string;
}

/** Git's customary limit for a subject line; longer lists of names are counted instead. */
const MAX_SUBJECT_CHARS = 72;
/** Places named of one step; the commit itself shows them all. */
const MAX_PLACES = 100;

/**
 * Message of an update commit. The trailers are the machine-readable record: one `Image-Update`
 * (or `Image-Lock`, when a lock drove the field) per policy and step.
 */
export function updateMessage(changes: readonly Change[]): string {
  const sections = stepsOf(changes).map((group) => [headline(group[0]), ...placeLines(group)]);
  return [
    subject(changes),
    '',
    ...sections.flatMap((lines) => [...lines, '']),
    ...trailersOf(changes),
    '',
  ].join('\n');
}

/** A message that ends in trailers, with one more: who answers for it (Developer Certificate of Origin). */
export function signedOff(message: string, { name, email }: Committer): string {
  return [message.trimEnd(), `Signed-off-by: ${name} <${email}>`, ''].join('\n');
}

/** A message that ends in trailers, with more of them; one whose key it has already is left out. */
export function withTrailers(message: string, trailers: readonly string[]): string {
  const lines = message.trimEnd().split('\n');
  const keyOf = (line: string) => line.slice(0, line.indexOf(': ') + 1);
  const known = new Set(lines.map(keyOf));
  const lacking = trailers.filter((line) => !known.has(keyOf(line)));
  return [...lines, ...lacking, ''].join('\n');
}

/** The trailers of an update commit, whatever else its message says. */
export function trailersOf(changes: readonly Change[]): readonly string[] {
  return stepsOf(changes).map(([change]) => trailer(change));
}

/** Changes that take the same step. */
function stepsOf(changes: readonly Change[]) {
  const steps = groupBy(changes, ({ policy, image, from, to, locked }) =>
    JSON.stringify([policy, image, from, to, locked]),
  );
  return [...steps.values()];
}

function subject(changes: readonly Change[]): string {
  const steps = [
    ...new Set(changes.map((change) => `${shortName(change.image)} to ${shortTag(change.to)}`)),
  ];
  const verb = changes.every((change) => change.locked) ? 'Return' : 'Update';
  const full = `${verb} ${steps.join(', ')}`;
  return full.length <= MAX_SUBJECT_CHARS || steps.length === 1
    ? full
    : `${verb} ${steps.length} images`;
}

function headline(change: Change): string {
  const lock = change.locked ? ', locked' : '';
  return `${change.image} ${change.from ?? 'no tag'} -> ${change.to} (${change.policy}${lock})`;
}

/** Each place once, whichever of its fields have changed. */
function placeLines(changes: readonly Change[]): readonly string[] {
  const lines = [...new Set(changes.map(locationLine))];
  const more = lines.length - MAX_PLACES;
  return more > 0 ? [...lines.slice(0, MAX_PLACES), `  and ${more} more`] : lines;
}

function locationLine({ path, resource }: Change): string {
  return `  ${oneLine(path)}${resource === undefined ? '' : `  ${oneLine(resource)}`}`;
}

function trailer(change: Change): string {
  const from = change.image + (change.from === undefined ? '' : joinedTo(change.from));
  const key = change.locked ? 'Image-Lock' : 'Image-Update';
  return `${key}: ${change.policy} ${from} -> ${change.to}`;
}

/** What a lock command did to one place. */
export interface LockChange {
  readonly action: 'lock' | 'unlock';
  /** `Deployment apps/podinfo`, `ImagePolicy apps/podinfo` or `FILE:LINE`. */
  readonly target: string;
  readonly path: string;
  readonly tag?: string;
  readonly reason?: string;
  readonly by?: string;
  readonly until?: string;
}

/** Message of a lock or unlock commit; the trailers say who, why and until when. */
export function lockMessage(change: LockChange): string {
  const locking = change.action === 'lock';
  const title = locking
    ? `Lock ${change.target}${change.tag === undefined ? '' : ` at ${change.tag}`}`
    : `Unlock ${change.target}`;
  const trailers = [
    `${locking ? 'Image-Lock' : 'Image-Unlock'}: ${change.target}${change.tag === undefined ? '' : ` ${change.tag}`}`,
    ...(change.by === undefined ? [] : [`Lock-By: ${change.by}`]),
    ...(change.until === undefined ? [] : [`Lock-Until: ${change.until}`]),
  ];
  const body = change.reason === undefined ? [] : [change.reason, ''];
  const lines = [title, '', ...body, change.path, '', ...trailers, ''];
  return lines.map(oneLine).join('\n');
}

/** What a release command lifts. */
export interface HoldRelease {
  /** As it was named: `Deployment apps/podinfo`, `ImagePolicy apps/podinfo` or `FILE:LINE`. */
  readonly target: string;
  readonly places: readonly ReleasedPlace[];
  readonly reason?: string;
  readonly by?: string;
}

/** Message of a commit that lifts holds; it changes no file, its trailers are what counts. */
export function releaseMessage({ target, places, reason, by }: HoldRelease): string {
  const body = reason === undefined ? [] : [reason, ''];
  const trailers = places.map(({ policy, place }) => `Image-Release: ${policy} ${place}`);
  const who = by === undefined ? [] : [`Release-By: ${by}`];
  return [`Release ${target}`, '', ...body, ...trailers, ...who, ''].map(oneLine).join('\n');
}

function shortName(image: string): string {
  return image.slice(image.lastIndexOf('/') + 1);
}

function shortTag(target: string): string {
  const at = target.indexOf('@');
  return at === -1 ? target : target.slice(0, at);
}

/** How a tag, tag@digest or digest stands behind a name. */
function joinedTo(target: string): string {
  return /^[a-z0-9]+:/.test(target) ? `@${target}` : `:${target}`;
}
