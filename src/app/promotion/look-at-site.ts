import type { ImageUpdateAutomation, UpdateStrategy } from '../../api/image-update-automation.ts';
import { toSeconds } from '../../api/conditions.ts';
import type { ImagePolicy } from '../../api/image-policy.ts';
import { placedMessage, type Finding } from '../../domain/errors.ts';
import type { ImageField, PolicyKey } from '../../domain/manifest/image-field.ts';
import { assignFields } from '../../domain/plan/image-slot.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import { tagsRevision } from '../../domain/tags-revision.ts';
import type { OpenPast } from '../read/past.ts';
import type { Deployments } from './deployments.ts';

/** What a pass has read, before anything is chosen. */
export interface ReadSite {
  readonly automation: ImageUpdateAutomation | undefined;
  readonly resources: Resources;
  /** Policies that exist, usable or not. */
  readonly known: ReadonlySet<PolicyKey>;
  /** Those that apply. */
  readonly policies: readonly ImagePolicy[];
  readonly byMarker: ReadonlySet<PolicyKey>;
  readonly fields: readonly ImageField[];
  readonly strategy: UpdateStrategy;
  /** What is wrong about files. */
  readonly findings: readonly Finding[];
  /** Fields without markers are its as well, and were not read. */
  readonly isPartial?: boolean;
}

/** Where that was read. */
export interface ReadPlace {
  /** Names the repo and branch; absent: a folder. */
  readonly place?: string;
  readonly revision?: string;
  readonly openPast: OpenPast;
  readonly now: Date;
}

/** With these a file may hold a location that nobody sees. */
const HIDING: ReadonlySet<Finding['code']> = new Set<Finding['code']>([
  'file/not-utf8',
  'file/outside',
  'file/too-large',
  'file/unreadable',
  'manifest/unparsable',
  'marker/malformed',
]);

/**
 * Tells what the locations of policies hold in what was read. A file that cannot be read may hold any of them:
 * with one the look was none.
 * @returns what is to be said of the history
 * @throws AppError when it cannot be read
 */
export async function lookAtSite(
  deployments: Deployments,
  read: ReadSite,
  { place, revision, openPast, now }: ReadPlace,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { automation, resources, known, policies, byMarker, fields, strategy } = read;
  const name =
    automation === undefined ? '' : `${automation.metadata.namespace}/${automation.metadata.name}`;
  const world = { ...resources, known };
  // It applies no policy: what is there was not looked at.
  if (automation?.spec.suspend === true) return [];
  // What does not parse and has no marker is a chart's template, as a rule: unless it was a location before.
  const hiding = read.findings.find(
    ({ severity, code, at }) =>
      HIDING.has(code) &&
      (severity === 'error' || (at !== undefined && deployments.isLocation(name, at.path))),
  );
  if (hiding !== undefined) {
    deployments.lost(name, placedMessage(hiding), world);
    return [];
  }
  if (read.isPartial === true) {
    deployments.lost(name, 'it goes by images, and this run by markers alone', world);
    return [];
  }
  const owners = new Map(policies.map((policy) => [policyKey(policy), { policy }]));
  const query = { owners, byMarker, strategy };
  const cutAt = await deployments.look(
    {
      site: { automation: name, repo: place === undefined ? '' : tagsRevision([place]) },
      world,
      now,
      head: revision,
      slots: () => assignFields(fields, owners, known, byMarker).slots,
      past: { ...query, open: openPast },
    },
    signal,
  );
  return cutAt === undefined ? [] : [cutOff(cutAt)];
}

/** What was there longer seems to be there since then. */
function cutOff(at: Date): Finding {
  const message = `the history at hand begins at ${toSeconds(at)} (a shallow clone?), and what soaks is known since then only; fetch more of it, such as \`git fetch --unshallow\``;
  return { severity: 'warning', code: 'git/unsupported', message };
}
