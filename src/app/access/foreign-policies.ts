import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError, type Finding } from '../../domain/errors.ts';
import type { ImageField, PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import {
  accessTo,
  type KnownNamespace,
  type Labels,
} from '../../domain/resources/policy-access.ts';

/** How far references reach beyond a namespace. */
export interface CrossNamespace {
  /** False (`--no-cross-namespace-refs`): not at all. */
  readonly isAllowed: boolean;
  /**
   * Labels of a namespace, or undefined when there is no such namespace. Without it only the names of
   * namespaces are known.
   */
  readonly labelsOf?: (namespace: string, signal: AbortSignal) => Promise<Labels | undefined>;
}

/** Without a cluster there is nobody to ask for the labels of a namespace. */
export const BY_NAME_ONLY: CrossNamespace = { isAllowed: true };

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
  const asked = askedOnce(namespace, crossNamespace, signal);
  for (const [key, fields] of fieldsOf) {
    // That there is no such policy is told for all markers alike.
    if (!repo.known.has(key)) continue;
    const policy = repo.resources.policies.get(key);
    const refusal = await refusalOf(key, policy, asked);
    if (refusal === undefined && policy !== undefined) granted.push(policy);
    if (refusal === undefined) continue;
    findings.push(
      ...fields.map(({ at }) => ({ ...refusal, code: 'policy/no-access' as const, at })),
    );
  }
  return { granted, named: new Set(fieldsOf.keys()), findings };
}

/** A namespace whose labels are asked for when they are needed, once. */
interface AskedNamespace {
  readonly name: string;
  readonly isAllowed: boolean;
  /** @throws AppError when they cannot be had */
  readonly labels: () => Promise<Labels | undefined>;
}

function askedOnce(
  name: string,
  { isAllowed, labelsOf }: CrossNamespace,
  signal: AbortSignal,
): AskedNamespace {
  let answer: Promise<Labels | undefined> | undefined;
  const ask = async () => {
    if (labelsOf !== undefined) return labelsOf(name, signal);
    throw new AppError(
      'resource/not-supported',
      'without a cluster only kubernetes.io/metadata.name is known; select by that label',
    );
  };
  return { name, isAllowed, labels: () => (answer ??= ask()) };
}

type Refusal = Pick<Finding, 'severity' | 'message'>;

/** Why a policy may not be used, or undefined where it may. */
async function refusalOf(
  key: PolicyKey,
  policy: ImagePolicy | undefined,
  { name, isAllowed, labels }: AskedNamespace,
): Promise<Refusal | undefined> {
  const refuse = (message: string): Refusal => ({ severity: 'warning', message });
  if (!isAllowed) {
    return refuse(
      `marker names ImagePolicy ${key}, but references to other namespaces are switched off (--no-cross-namespace-refs)`,
    );
  }
  if (policy === undefined) {
    return refuse(`marker names ImagePolicy ${key}, which cannot be used; see its status`);
  }
  const denied = refuse(
    `ImagePolicy ${key} exists, but grants namespace ${name} no access; add that namespace to its spec.accessFrom`,
  );
  const known: KnownNamespace = { name };
  const byName = accessTo(policy, known);
  if (byName !== 'unknown') return byName === 'granted' ? undefined : denied;
  try {
    return accessTo(policy, { name, labels: (await labels()) ?? {} }) === 'granted'
      ? undefined
      : denied;
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'cancelled') throw error;
    return {
      severity: 'error',
      message: `ImagePolicy ${key} grants access by labels, and those of namespace ${name} cannot be read: ${error.message}`,
    };
  }
}
