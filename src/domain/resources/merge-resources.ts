import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageReceiver } from '../../api/image-receiver.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { ObjectMeta } from '../../api/schema.ts';
import { formatLocation, type Finding } from '../errors.ts';
import { matchesSelector } from './label-selector.ts';
import type { Loaded, ParsedResources } from './parse-resources.ts';

/** All resources at hand, by `namespace/name`. */
export interface Resources {
  readonly policies: ReadonlyMap<string, Loaded<ImagePolicy>>;
  readonly receivers: ReadonlyMap<string, Loaded<ImageReceiver>>;
  readonly automations: ReadonlyMap<string, Loaded<ImageUpdateAutomation>>;
  readonly findings: readonly Finding[];
}

/** No resources: the base of the first merge. */
export const NO_RESOURCES: Resources = {
  policies: new Map(),
  receivers: new Map(),
  automations: new Map(),
  findings: [],
};

/**
 * The resources of files on top of those of a base: a file's resource takes the place of the base's
 * with the same name. A name that the files themselves define twice is an error of both.
 */
export function mergeResources(base: Resources, parsed: readonly ParsedResources[]): Resources {
  const policies = byName(parsed.flatMap((file) => file.policies));
  const receivers = byName(parsed.flatMap((file) => file.receivers));
  const automations = byName(parsed.flatMap((file) => file.automations));
  return {
    policies: new Map([...base.policies, ...policies.byKey]),
    receivers: new Map([...base.receivers, ...receivers.byKey]),
    automations: new Map([...base.automations, ...automations.byKey]),
    findings: [
      ...base.findings,
      ...parsed.flatMap((file) => file.findings),
      ...policies.findings,
      ...receivers.findings,
      ...automations.findings,
    ],
  };
}

/**
 * Policies that were given are all there are: a repo may hold those of other clusters too. Only
 * without any do the repo's own apply.
 * @param found what the files of the repo hold
 */
export function resourcesFor(given: Resources, found: readonly ParsedResources[]): Resources {
  return given.policies.size > 0 ? given : mergeResources(given, found);
}

/** The policies that an automation applies: those of its namespace that its selector matches. */
export function policiesOf(
  automation: ImageUpdateAutomation,
  { policies }: Resources,
): readonly Loaded<ImagePolicy>[] {
  return [...policies.values()].filter(({ metadata }) => appliesTo(automation, metadata));
}

/** The policies of other namespaces that an automation might be let to use: those that grant access to anyone. */
export function grantingPolicies(
  { metadata: { namespace } }: ImageUpdateAutomation,
  { policies }: Resources,
): readonly Loaded<ImagePolicy>[] {
  return [...policies.values()].filter(
    ({ metadata, spec }) => metadata.namespace !== namespace && spec.accessFrom !== undefined,
  );
}

/** Is a policy with this metadata one that an automation applies, or a receiver scans? */
export function appliesTo(
  { metadata, spec: { policySelector } }: ImageReceiver | ImageUpdateAutomation,
  policy: Pick<ObjectMeta, 'namespace' | 'labels'>,
): boolean {
  return (
    policy.namespace === metadata.namespace &&
    (policySelector === undefined || matchesSelector(policy.labels, policySelector))
  );
}

type Named = Loaded<{ readonly kind: string; readonly metadata: ObjectMeta }>;

function byName<T extends Named>(
  resources: readonly T[],
): { readonly byKey: ReadonlyMap<string, T>; readonly findings: readonly Finding[] } {
  const byKey = new Map<string, T>();
  const findings: Finding[] = [];
  for (const resource of resources) {
    const { kind, metadata, at } = resource;
    const key = `${metadata.namespace}/${metadata.name}`;
    const first = byKey.get(key);
    if (first === undefined) byKey.set(key, resource);
    else {
      const places = `${placeOf(first)} and ${placeOf(resource)}`;
      const message = `${kind} ${key} is defined twice: ${places}; remove one of them, or give only the folder of the one that counts`;
      findings.push({ severity: 'error', code: 'resource/invalid', message, at });
    }
  }
  return { byKey, findings };
}

function placeOf({ at: { path, line } }: Named): string {
  return formatLocation({ path, ...(line === undefined ? {} : { line }) });
}
