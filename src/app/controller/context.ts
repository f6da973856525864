import type { ImagePolicyStatus } from '../../api/image-policy-status.ts';
import type { AppError, Finding } from '../../domain/errors.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Choice } from '../../domain/plan/policy-view.ts';
import type { Push } from '../../domain/status/automation-status.ts';
import type { Cluster, Leadership, ObjectRef } from '../../ports/cluster.ts';
import type { Ports } from '../../ports/ports.ts';
import type { CrossNamespace } from '../access/policy-grants.ts';
import type { Batches } from '../update/batches.ts';
import type { BranchSessions } from '../update/branch-sessions.ts';
import type { PushEvent } from '../receive/push-handler.ts';
import type { Receivers } from '../receive/receivers.ts';
import type { PolicyViews } from '../scan/policy-views.ts';
import type { RepositoryScans } from '../scan/repository-scans.ts';
import type { StandaloneEvent } from '../standalone/run-standalone.ts';
import type { ClusterObjects } from './objects.ts';
import type { ReposInUse } from './repos-in-use.ts';

/** An outcome, told to whoever logs and counts. */
export type ControllerEvent =
  | Extract<StandaloneEvent, { kind: 'pass' | 'push-retry' }>
  | PushEvent
  | { readonly kind: 'policy'; readonly policy: PolicyKey; readonly choice: Choice }
  | { readonly kind: 'invalid'; readonly ref: ObjectRef; readonly findings: readonly Finding[] }
  | {
      readonly kind: 'failed';
      readonly ref: ObjectRef;
      readonly error: AppError;
      readonly retryAt: Date;
    }
  /** An object of another product was not asked to reconcile. */
  | {
      readonly kind: 'request-failed';
      readonly ref: ObjectRef;
      readonly target: string;
      readonly error: AppError;
    }
  /** All objects are known: the process is ready. */
  | { readonly kind: 'synced'; readonly policies: number; readonly automations: number }
  /** This process has begun to write, or has ended to. */
  | { readonly kind: 'leading' | 'following' };

/** What reconciling works with, as long as this process leads. */
export interface ControllerContext {
  readonly ports: Ports;
  readonly cluster: Cluster;
  readonly objects: ClusterObjects;
  readonly scans: RepositoryScans;
  readonly views: PolicyViews;
  readonly sessions: BranchSessions;
  readonly batches: Batches;
  readonly leadership: Leadership;
  readonly crossNamespace: CrossNamespace;
  /** Pushes that no status tells of yet, by the key of their automation. */
  readonly untoldPushes: Map<string, Push>;
  readonly repos: ReposInUse;
  /** Policies of other namespaces that the repo of an automation names, by the key of the automation. */
  readonly foreign: Map<string, ReadonlySet<PolicyKey>>;
  /** What was last found of each policy, whether or not it could be written to its status. */
  readonly found: Map<PolicyKey, ImagePolicyStatus>;
  /** The receivers of pushes that are open, where this process takes pushes. */
  readonly receivers: Receivers | undefined;
  /** Asks for a run of the automations that apply a policy. */
  readonly runAutomationsOf: (policy: PolicyKey) => void;
  /** Asks for a look at a policy: its repository has been seen since. */
  readonly lookAtPolicy: (policy: PolicyKey) => void;
  readonly onEvent: (event: ControllerEvent) => void;
}
