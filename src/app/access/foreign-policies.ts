import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { Finding } from '../../domain/errors.ts';
import type { ImageField, PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import { policyGrants, type CrossNamespace } from './policy-grants.ts';

/** What a repo's markers say of policies of other namespaces. */
export interface ForeignPolicies {
  /** Those that may be used. */
  readonly granted: readonly ImagePolicy[];
  /** All that markers name, whether or not there are such: a change of any of them matters. */
  readonly named: ReadonlySet<PolicyKey>;
  readonly findings: readonly Finding[];
}

/** Where markers may name policies. */
export interface MarkedRepo {
  readonly automation: ImageUpdateAutomation;
  readonly fields: readonly ImageField[];
  readonly resources: Resources;
  /** All policies that exist, usable or not. */
  readonly known: ReadonlySet<PolicyKey>;
}

/**
 * The policies of other namespaces that markers name: an automation uses those, and only those, that
 * grant its namespace access (`spec.accessFrom`). All others are reported at their markers.
 */
export async function foreignPolicies(
  repo: MarkedRepo,
  crossNamespace: CrossNamespace,
  signal: AbortSignal,
): Promise<ForeignPolicies> {
  const { namespace } = repo.automation.metadata;
  const fieldsOf = new Map<PolicyKey, ImageField[]>();
  for (const field of repo.fields) {
    const { marker } = field;
    if (marker === undefined || marker.startsWith(`${namespace}/`)) continue;
    fieldsOf.set(marker, [...(fieldsOf.get(marker) ?? []), field]);
  }
  const granted: ImagePolicy[] = [];
  const findings: Finding[] = [];
  const refusalOf = policyGrants({ namespace, by: 'marker' }, crossNamespace, signal);
  for (const [key, fields] of fieldsOf) {
    // That there is no such policy is told for all markers alike.
    if (!repo.known.has(key)) continue;
    const policy = repo.resources.policies.get(key);
    const refusal = await refusalOf(key, policy);
    if (refusal === undefined && policy !== undefined) granted.push(policy);
    if (refusal === undefined) continue;
    findings.push(
      ...fields.map(({ at }) => ({ ...refusal, code: 'policy/no-access' as const, at })),
    );
  }
  return { granted, named: new Set(fieldsOf.keys()), findings };
}
