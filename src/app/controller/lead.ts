import type {
  ChangedSource,
  Cluster,
  Leadership,
  ObjectKind,
  ObjectScope,
} from '../../ports/cluster.ts';
import type { Ports } from '../../ports/ports.ts';
import type { CrossNamespace } from '../access/policy-grants.ts';
import type { PushHandler, PushMessages } from '../../ports/push.ts';
import { receivePushes, type PushReceiving } from '../receive/receive-pushes.ts';
import { Deployments } from '../promotion/deployments.ts';
import { Batches } from '../update/batches.ts';
import { BranchSessions } from '../update/branch-sessions.ts';
import { SignatureChecks } from '../scan/gates/signature-checks.ts';
import { ImageLibrary } from '../scan/image-library.ts';
import { PolicyViews } from '../scan/policy-views.ts';
import { RepositoryScans, shareScan } from '../scan/repository-scans.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { ControllerContext, ControllerEvent } from './context.ts';
import { DueWork } from './due-work.ts';
import {
  objectKey,
  policyIn,
  type ClusterObjects,
  type KnownObject,
  type ObjectChange,
} from './objects.ts';
import { reconcileAutomation } from './reconcile-automation.ts';
import { reconcilePolicy } from './reconcile-policy.ts';
import { reconcileReceiver } from './reconcile-receiver.ts';
import { ReposInUse } from './repos-in-use.ts';
import { statusBatches } from './status-batches.ts';
import { statusSites } from './status-sites.ts';
import { statusMemories } from './status-memories.ts';
import { unseenBecause } from './unseen-policies.ts';
import { WorkQueue } from './work-queue.ts';

/** What leading takes. */
export interface LeadOptions {
  readonly ports: Ports;
  readonly cluster: Cluster;
  readonly objects: ClusterObjects;
  /** Which objects those are: all, or one shard. */
  readonly scope: ObjectScope;
  readonly leadership: Leadership;
  readonly crossNamespace: CrossNamespace;
  /** Objects of each kind that are worked on at the same time. */
  readonly concurrency: number;
  readonly signals: StopSignals;
  /** How registries tell of pushes, where this process takes them. */
  readonly pushMessages?: PushMessages;
  readonly onEvent: (event: ControllerEvent) => void;
}

/** The work of a process that leads: what it keeps, the queues of what is due, and their end. */
export class LeadTerm {
  readonly #context: ControllerContext;
  readonly #queues: Readonly<Record<ObjectKind, WorkQueue>>;
  readonly #due: DueWork;
  readonly #pushes: PushReceiving | undefined;

  constructor(options: LeadOptions) {
    const { ports, objects } = options;
    const scans = new RepositoryScans(ports);
    const views = new PolicyViews({
      scans,
      memory: statusMemories(objects),
      library: new ImageLibrary(ports),
      secrets: ports.secrets,
      clouds: ports.clouds,
      clock: ports.clock,
      signatures: new SignatureChecks(ports),
      deployments: new Deployments({
        store: statusSites(objects),
        scope: 'all',
        crossNamespace: options.crossNamespace,
        world: () => ({
          ...objects.resources(),
          known: objects.policyKeys(),
          unseen: (policy) => unseenBecause(options.scope, policy),
        }),
        onChange: (policies) => this.#due.promotionChanged(policies),
      }),
    });
    this.#pushes = this.#receivePushes(options);
    const batches = new Batches(statusBatches(objects));
    const sessions = new BranchSessions(ports, views, batches);
    this.#context = {
      ...options,
      receivers: this.#pushes?.receivers,
      scans,
      views,
      sessions,
      batches,
      untoldPushes: new Map(),
      // A branch that does not close properly is opened anew all the same.
      repos: new ReposInUse((branch) => void sessions.drop(branch).catch(() => undefined)),
      foreign: new Map(),
      found: new Map(),
      runAutomationsOf: (policy) => this.#due.automationsOf(policy),
      lookAtPolicy: (policy) => this.#queues.ImagePolicy.add(policy),
    };
    const add = (kind: ObjectKind, key: string) => this.#queues[kind].add(key);
    this.#due = new DueWork({ ...this.#context, add });
    this.#queues = {
      ImagePolicy: this.#queue('ImagePolicy', options, reconcilePolicy),
      ImageReceiver: this.#queue('ImageReceiver', options, reconcileReceiver),
      ImageUpdateAutomation: this.#queue('ImageUpdateAutomation', options, reconcileAutomation),
    };
    for (const receiver of objects.receivers()) this.#pushes?.receivers.await(receiver.metadata);
    for (const kind of ['ImagePolicy', 'ImageReceiver', 'ImageUpdateAutomation'] as const) {
      for (const key of objects.keys(kind)) this.#queues[kind].add(key);
    }
  }

  /** Answers what registries tell, where this process takes it. */
  get pushHandler(): PushHandler | undefined {
    return this.#pushes?.handler;
  }

  /** Something was heard of an object. */
  changed(change: ObjectChange): void {
    const { before, after, isDue } = change;
    if (!isDue) return;
    if (before !== undefined && before.object.uid !== after.object.uid) this.#forget(before);
    this.#letGoOfScan(before);
    this.#due.changed(change);
  }

  removed(known: KnownObject): void {
    this.#forget(known);
    this.#letGoOfScan(known);
    this.#due.removed(known);
  }

  /** A Secret or ServiceAccount is otherwise than before. */
  sourceChanged(source: ChangedSource): void {
    this.#due.sourceChanged(source);
  }

  /** Resolves when the work under way has ended and nothing is held open; call it after `stop`. */
  async ended(): Promise<void> {
    await Promise.all(Object.values(this.#queues).map((queue) => queue.ended()));
    await this.#context.sessions.close();
  }

  #receivePushes({ ports, objects, signals, pushMessages, onEvent }: LeadOptions) {
    if (pushMessages === undefined) return undefined;
    return receivePushes({
      clock: ports.clock,
      messages: pushMessages,
      stop: signals.stop,
      policies: () => objects.policies(),
      scanNow: (policies) => this.#due.pushed(policies),
      onEvent,
    });
  }

  #queue(
    kind: ObjectKind,
    { ports, objects, concurrency, signals, onEvent }: LeadOptions,
    reconcile: (
      context: ControllerContext,
      key: string,
      signal: AbortSignal,
    ) => Promise<Date | undefined>,
  ): WorkQueue {
    const { clock, random } = ports;
    return new WorkQueue({
      clock,
      random,
      concurrency,
      signals,
      work: (key, signal) => reconcile(this.#context, key, signal),
      onFailure: (key, error, retryAt) => {
        const ref = objects.get(kind, key)?.object.ref;
        if (ref !== undefined) onEvent({ kind: 'failed', ref, error, retryAt });
      },
    });
  }

  /** Forgets all that was kept for an object that is no more. */
  #forget({ object: { ref } }: KnownObject): void {
    const { untoldPushes, batches, repos, foreign, found, views, receivers } = this.#context;
    const key = objectKey(ref);
    this.#queues[ref.kind].forget(key);
    if (ref.kind === 'ImageReceiver') {
      receivers?.close(ref);
      return;
    }
    if (ref.kind === 'ImageUpdateAutomation') {
      untoldPushes.delete(key);
      batches.forget(key);
      foreign.delete(key);
      views.deployments.forget(key);
      repos.set(key, undefined);
      return;
    }
    found.delete(key);
    views.forget(key);
  }

  /** Lets go of a scan that only the former form of a policy needed. */
  #letGoOfScan(before: KnownObject | undefined): void {
    const policy = policyIn(before);
    if (policy === undefined) return;
    const { objects, scans } = this.#context;
    const isUsed = objects
      .policies()
      .some((other) => other.spec.image === policy.spec.image && shareScan(other, policy));
    if (!isUsed) scans.drop(policy);
  }
}
