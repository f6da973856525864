import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../errors.ts';
import { parseTemplate } from '../message-template/parse.ts';
import { renderTemplate } from '../message-template/render.ts';
import type { TemplateObject, Value } from '../message-template/value.ts';
import { checkBranch } from '../resources/git-names.ts';
import { shortHash } from '../text-hash.ts';

/** What the branches of an automation's groups are called by. */
export interface BranchNaming {
  readonly automation: { readonly namespace: string; readonly name: string };
  /** `spec.pullRequest.branch`. */
  readonly template?: string | undefined;
  /** `spec.commit.values`. */
  readonly values: Readonly<Record<string, string>>;
}

/** Longest part of a name that a group makes; a ref is a file name at many servers. */
const MAX_SLUG_CHARS = 80;

/** How an automation calls the branches of its groups. */
export function branchNaming({ metadata, spec }: ImageUpdateAutomation): BranchNaming {
  const { namespace, name } = metadata;
  const template = spec.pullRequest?.branch;
  return { automation: { namespace, name }, template, values: spec.commit?.values ?? {} };
}

/**
 * The branch of a group, the same at all times.
 * @param group see `ChangeGroup`
 * @throws AppError `resource/invalid` where the template makes no name of a branch
 */
export function groupBranch(naming: BranchNaming, group: string): string {
  const { automation, template, values } = naming;
  const { namespace, name } = automation;
  const slug = groupSlug(group, namespace);
  if (template === undefined) {
    const own = `lockkeeper/${namespace}-${name}`;
    return group === 'all' ? own : `${own}-${slug}`;
  }
  const data = object({
    Automation: object({ Namespace: namespace, Name: name }),
    Group: slug,
    Values: { kind: 'map', entries: Object.entries(values) },
  });
  const branch = renderTemplate(parseTemplate(template), data).trim();
  checkBranch(branch);
  return branch;
}

/**
 * The branches of groups, in their order.
 * @throws AppError `resource/invalid` when two groups would share one, or one would have the base's
 */
export function groupBranches(
  naming: BranchNaming,
  groups: readonly string[],
  base: string | undefined,
): readonly string[] {
  const taken = new Map<string, string>();
  return groups.map((group) => {
    const branch = groupBranch(naming, group);
    const other = taken.get(branch);
    taken.set(branch, group);
    if (branch === base) {
      throw new AppError(
        'resource/invalid',
        `${branch} is the branch that is read; give the branch of a pull request another name`,
      );
    }
    if (other === undefined) return branch;
    throw new AppError(
      'resource/invalid',
      `“${other}” and “${group}” would both be written to the branch ${branch}; tell them apart by {{ .Group }}`,
    );
  });
}

/**
 * Tries a template of branch names, so that a fault shows when the resource is applied.
 * @param base branch that is read, where that is known
 * @throws AppError `resource/invalid`
 */
export function checkBranchTemplate(
  naming: BranchNaming,
  { isGrouped, base }: { readonly isGrouped: boolean; readonly base: string | undefined },
): void {
  const groups = isGrouped ? ['policy default/web', 'policy default/api'] : ['all'];
  groupBranches(naming, groups, base);
}

/**
 * A group's name as part of a branch's. What cannot stand there is a hyphen; a hash tells names apart that
 * lost more than slashes by that.
 */
export function groupSlug(group: string, namespace: string): string {
  const name = group.replace(/^(policy|path) /, '');
  if (name === '.') return 'root';
  const own = group.startsWith(`policy ${namespace}/`) ? name.slice(namespace.length + 1) : name;
  const plain = own.replaceAll('/', '-');
  const clean = plain
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .replace(/\.lock$/, '-lock');
  if (clean === plain && clean.length <= MAX_SLUG_CHARS) return clean;
  return [clean.slice(0, MAX_SLUG_CHARS), shortHash(own)].filter((part) => part !== '').join('-');
}

function object(fields: Readonly<Record<string, Value>>): TemplateObject {
  return { kind: 'object', fields, text: Object.keys(fields).join(' ') };
}
