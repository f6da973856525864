import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { ClusterObject, ForeignRef } from '../../ports/cluster.ts';
import { asAppError, AppError } from '../../domain/errors.ts';
import {
  checkAccess,
  checkCrossNamespace,
  describeObject,
} from '../../domain/resources/object-access.ts';
import type { ControllerContext } from './context.ts';

/** Flux's request to reconcile now; any new value is a new request. */
const FLUX_REQUEST = 'reconcile.fluxcd.io/requestedAt';

/** Argo CD's request to compare with Git now; Argo CD removes it when it has. */
const ARGO_REQUEST = 'argocd.argoproj.io/refresh';

/**
 * Asks what `spec.reconcileAfterPush` names to take up a commit that was pushed. Best effort: whoever watches the repo
 * finds the commit by itself, so a failure is told and stops nothing.
 */
export async function requestReconcile(
  context: ControllerContext,
  object: ClusterObject,
  automation: ImageUpdateAutomation,
  signal: AbortSignal,
): Promise<void> {
  const { metadata, spec } = automation;
  const targets = (spec.reconcileAfterPush ?? []).map(
    ({ kind, name, namespace = metadata.namespace }): ForeignRef => ({ kind, name, namespace }),
  );
  const asked = targets.map(async (target) => {
    try {
      await request(context, target, metadata.namespace, signal);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code === 'cancelled') throw error;
      context.onEvent({
        kind: 'request-failed',
        ref: object.ref,
        target: describeObject(target),
        error,
      });
      const message = `${describeObject(target)} was not asked to reconcile: ${error.message}`;
      const event = { object, type: 'Warning', reason: 'RequestFailed', message } as const;
      await context.cluster.record(event, signal);
    }
  });
  await Promise.all(asked);
}

async function request(
  { cluster, crossNamespace, ports }: ControllerContext,
  target: ForeignRef,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  const missing = () => new AppError('source/not-found', 'there is no such object');
  if (target.namespace !== from) {
    checkCrossNamespace(target, crossNamespace.isAllowed);
    const object = await cluster.readObject(target, signal);
    if (object === undefined) throw missing();
    checkAccess(target, object.annotations, from);
  }
  const annotations: Record<string, string> =
    target.kind === 'Application'
      ? { [ARGO_REQUEST]: 'normal' }
      : { [FLUX_REQUEST]: ports.clock.now().toISOString() };
  if ((await cluster.annotate(target, annotations, signal)) === 'gone') throw missing();
}
