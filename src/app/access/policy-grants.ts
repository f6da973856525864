import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError, type Finding } from '../../domain/errors.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { accessTo, noAccessText, type Labels } from '../../domain/resources/policy-access.ts';

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

/** Who would use policies of other namespaces. */
export interface PolicyUser {
  readonly namespace: string;
  /** What names the policies, for messages: `marker`. */
  readonly by: string;
}

/** Why a policy may not be used; an error where it is not known whether it may. */
export type Refusal = Pick<Finding, 'severity' | 'message'>;

/** Why a policy may not be used, or undefined where it may. @param policy undefined: it is there, and unusable */
export type PolicyGrants = (
  key: PolicyKey,
  policy: ImagePolicy | undefined,
) => Promise<Refusal | undefined>;

/**
 * What policies of other namespaces grant to one (`spec.accessFrom`). Its labels are asked for when they are needed, and
 * once; a grant that cannot be read is none.
 */
export function policyGrants(
  { namespace, by }: PolicyUser,
  { isAllowed, labelsOf }: CrossNamespace,
  signal: AbortSignal,
): PolicyGrants {
  let answer: Promise<Labels | undefined> | undefined;
  const ask = async () => {
    if (labelsOf !== undefined) return labelsOf(namespace, signal);
    throw new AppError(
      'resource/not-supported',
      'without a cluster only kubernetes.io/metadata.name is known; select by that label',
    );
  };
  const labels = async () => (await (answer ??= ask())) ?? {};
  const refuse = (message: string): Refusal => ({ severity: 'warning', message });
  return async (key, policy) => {
    if (!isAllowed) {
      return refuse(
        `${by} names ImagePolicy ${key}, but references to other namespaces are switched off (--no-cross-namespace-refs)`,
      );
    }
    if (policy === undefined) {
      return refuse(`${by} names ImagePolicy ${key}, which cannot be used; see its status`);
    }
    const denied = refuse(noAccessText(key, namespace));
    const byName = accessTo(policy, { name: namespace });
    if (byName !== 'unknown') return byName === 'granted' ? undefined : denied;
    try {
      const isGranted = accessTo(policy, { name: namespace, labels: await labels() }) === 'granted';
      return isGranted ? undefined : denied;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'cancelled') throw error;
      return {
        severity: 'error',
        message: `ImagePolicy ${key} grants access by labels, and those of namespace ${namespace} cannot be read: ${error.message}`,
      };
    }
  };
}
