import type { FilterTags } from '../../api/image-policy.ts';
import { checkBranchTemplate } from '../branches/branch-name.ts';
import { parseRefspec } from '../branches/refspec.ts';
import { cloudRegistryOf } from '../cloud-registry.ts';
import { AppError } from '../errors.ts';
import { checkGitHubUse, cloudRepoOf, type GitProviderUse } from '../git-provider.ts';
import { parseRepository } from '../image-reference.ts';
import { checkTemplate } from '../message-template/template-message.ts';
import { parseDuration } from '../schedule.ts';
import { createSelector } from '../selection/create-selector.ts';
import { compilePattern } from '../selection/pattern/tag-pattern.ts';
import { attempt } from './attempt.ts';
import { checkCron, checkTimeZone } from './cron-expression.ts';
import type { Fault } from './fault.ts';
import { valueAt, type FieldPath } from './field-path.ts';
import { checkApiUrl, checkBranch, checkGitUrl, checkProxied, checkRepoPath } from './git-names.ts';

/** A check of one text field. It throws an AppError that says what is wrong and the mend. */
interface MeaningCheck {
  readonly path: FieldPath;
  readonly check: (text: string, spec: unknown, field: FieldPath) => void;
}

/** Shortest interval: below it a controller would do nothing but ask. */
const MIN_INTERVAL = '1s';

/** Longest time for which a change waits for more: beyond it, `windows` say better when to write. */
const MAX_BATCH_WINDOW = '24h';

const IDENTITIES: FieldPath = ['verify', 'cosign', 'matchOIDCIdentity'];

const POLICY_CHECKS: readonly MeaningCheck[] = [
  { path: ['image'], check: (text) => void parseRepository(text) },
  { path: ['writtenName'], check: (text) => void parseRepository(text) },
  {
    path: ['provider'],
    check: (provider, spec) => {
      const image = valueAt(spec, ['image']);
      if (typeof image !== 'string' || attempt(() => parseRepository(image)) instanceof AppError)
        return;
      cloudRegistryOf({ ...(spec as object), provider, image });
    },
  },
  { path: ['interval'], check: checkInterval },
  { path: ['schedule', 'cron'], check: checkCron },
  { path: ['schedule', 'timeZone'], check: checkTimeZone },
  { path: ['timeout'], check: checkInterval },
  { path: ['minimumAge'], check: (text) => void parseDuration(text) },
  { path: ['promoteFrom', 'soak'], check: (text) => void parseDuration(text) },
  {
    path: ['policy', 'semver', 'range'],
    check: (range) => void createSelector({ policy: { semver: { range } } }),
  },
  { path: ['filterTags', 'pattern'], check: (pattern) => checkFilter({ pattern }) },
  {
    path: ['filterTags', 'extract'],
    check: (extract, spec) => {
      if (valueAt(spec, ['policy', 'newest']) !== undefined) {
        throw new AppError(
          'policy/invalid-pattern',
          'policy.newest orders by build time and takes nothing out of the tag; leave extract out',
        );
      }
      const pattern = valueAt(spec, ['filterTags', 'pattern']);
      if (typeof pattern === 'string' && isFilter({ pattern })) checkFilter({ pattern, extract });
    },
  },
  { path: ['filterTags', 'exclude', '*'], check: (exclude) => checkFilter({ exclude: [exclude] }) },
  { path: [...IDENTITIES, '*', 'issuer'], check: (pattern) => void compilePattern(pattern) },
  { path: [...IDENTITIES, '*', 'subject'], check: (pattern) => void compilePattern(pattern) },
];

const AUTOMATION_CHECKS: readonly MeaningCheck[] = [
  { path: ['git', 'url'], check: checkGitUrl },
  { path: ['git', 'branch'], check: checkBranch },
  { path: ['git', 'provider'], check: (_, spec) => checkProvider(valueAt(spec, ['git'])) },
  {
    path: ['git', 'proxySecretRef', 'name'],
    check: (_name, spec) => {
      const url = valueAt(spec, ['git', 'url']);
      if (typeof url === 'string') checkProxied(url);
    },
  },
  { path: ['update', 'paths', '*'], check: checkRepoPath },
  { path: ['push', 'branch'], check: checkPushBranch },
  { path: ['push', 'refspec'], check: checkPushRefspec },
  { path: ['push', 'options', '*'], check: checkPushOption },
  { path: ['pullRequest', 'branch'], check: checkGroupBranch },
  { path: ['pullRequest', 'apiUrl'], check: checkApiUrl },
  {
    path: ['commit', 'messageTemplate'],
    check: (text, spec) => checkTemplate(text, templateValues(spec)),
  },
  { path: ['interval'], check: checkInterval },
  { path: ['batchWindow'], check: checkBatchWindow },
  ...(['allow', 'deny'] as const).flatMap((kind): readonly MeaningCheck[] => [
    { path: ['windows', kind, '*', 'cron'], check: checkCron },
    { path: ['windows', kind, '*', 'duration'], check: checkInterval },
    { path: ['windows', kind, '*', 'timeZone'], check: checkTimeZone },
  ]),
];

/** By kind; of an ImageReceiver the schema says all. */
const CHECKS: Readonly<Record<string, readonly MeaningCheck[]>> = {
  ImagePolicy: POLICY_CHECKS,
  ImageUpdateAutomation: AUTOMATION_CHECKS,
};

/** What no schema can say about the fields of a `spec`: ranges, patterns, names, times. */
export function checkMeaning(kind: string, spec: unknown): readonly Fault[] {
  return (CHECKS[kind] ?? []).flatMap(({ path, check }) =>
    expand(path, spec).flatMap((field) => {
      const text = valueAt(spec, field);
      // Another type is the schema's business.
      if (typeof text !== 'string') return [];
      const error = attempt(() => check(text, spec, field));
      if (!(error instanceof AppError)) return [];
      return [{ code: error.code, path: ['spec', ...field], message: withoutField(error.message) }];
    }),
  );
}

/** The path itself, or one for each entry of the list or map where it has a `*`. */
function expand(path: FieldPath, spec: unknown): readonly FieldPath[] {
  const star = path.indexOf('*');
  if (star === -1) return [path];
  const list = path.slice(0, star);
  const entries = valueAt(spec, list);
  if (typeof entries !== 'object' || entries === null) return [];
  const keys = Array.isArray(entries) ? [...entries.keys()] : Object.keys(entries);
  return keys.map((key) => [...list, key, ...path.slice(star + 1)]);
}

/** Values of another type are the schema's business. */
function templateValues(spec: unknown): Readonly<Record<string, string>> {
  const values = valueAt(spec, ['commit', 'values']);
  if (typeof values !== 'object' || values === null) return {};
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** Some messages begin with the field's name, which stands before every finding already. */
function withoutField(message: string): string {
  return message.replace(/^(?:filterTags\.\S+|pattern|spec\.(git\.)?provider:) /, '');
}

/** An address that is none is told of already. */
function checkProvider(git: unknown): void {
  const use = git as GitProviderUse;
  if (typeof use.url !== 'string' || attempt(() => checkGitUrl(use.url)) instanceof AppError)
    return;
  cloudRepoOf(use);
  if (use.provider === 'github') checkGitHubUse(use);
}

function checkFilter(filterTags: FilterTags): void {
  createSelector({ policy: { alphabetical: { order: 'asc' } }, filterTags });
}

function isFilter(filterTags: FilterTags): boolean {
  return !(attempt(() => checkFilter(filterTags)) instanceof AppError);
}

function checkPushBranch(branch: string, spec: unknown): void {
  checkBranch(branch);
  checkNoPullRequest(spec);
}

function checkPushRefspec(refspec: string, spec: unknown): void {
  const read = valueAt(spec, ['git', 'branch']) ?? 'main';
  const names = [read, valueAt(spec, ['push', 'branch'])].filter(
    (name) => typeof name === 'string',
  );
  // Which branch a source follows shows when it is read.
  parseRefspec(refspec, valueAt(spec, ['git']) === undefined ? [] : names);
  checkNoPullRequest(spec);
}

function checkNoPullRequest(spec: unknown): void {
  if (valueAt(spec, ['pullRequest']) === undefined) return;
  throw new AppError(
    'resource/invalid',
    'spec.pullRequest has branches of its own; name them by pullRequest.branch, or leave one of the two out',
  );
}

function checkGroupBranch(template: string, spec: unknown): void {
  const automation = { namespace: 'default', name: 'automation' };
  const base = valueAt(spec, ['git', 'branch']);
  const isGrouped = ['policy', 'path'].some((by) => by === valueAt(spec, ['groupBy']));
  checkBranchTemplate(
    { automation, template, values: templateValues(spec) },
    { isGrouped, base: typeof base === 'string' ? base : undefined },
  );
}

/** The protocol gives an option, `key=value`, one line of text. */
function checkPushOption(value: string, _: unknown, field: FieldPath): void {
  const key = String(field.at(-1));
  if (key !== '' && !/[\p{Cc}]/u.test(key + value)) return;
  throw new AppError('resource/invalid', 'a push option is one line of text');
}

function checkInterval(text: string): void {
  if (parseDuration(text) < parseDuration(MIN_INTERVAL)) {
    throw new AppError('resource/invalid', `must be at least ${MIN_INTERVAL}`);
  }
}

function checkBatchWindow(text: string): void {
  checkInterval(text);
  if (parseDuration(text) > parseDuration(MAX_BATCH_WINDOW)) {
    throw new AppError(
      'resource/invalid',
      `must be at most ${MAX_BATCH_WINDOW}; spec.windows are for longer waits`,
    );
  }
}
