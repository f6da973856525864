import type { Cluster, ClusterObject, ObjectKind, ObjectScope } from '../../ports/cluster.ts';
import { ApiClient } from './api-client.ts';
import { ClusterSecrets } from './cluster-secrets.ts';
import type { ClusterContext } from './context.ts';
import { EventRecorder } from './event-recorder.ts';
import { followObjects, listAll } from './follow-objects.ts';
import { Connection, loadKubeConfig, type KubeConfigSource } from './kube-config.ts';
import { competeForLease } from './leader-election.ts';
import { annotate, namespaceLabels, readObject } from './other-objects.ts';
import { CLUSTER_TIMING, type ClusterTiming } from './timing.ts';
import type { ClusterObserver } from './trouble.ts';
import { writeStatus } from './write-status.ts';

/** Which cluster, and whom to tell how the connection is. */
export interface ClusterOptions extends KubeConfigSource {
  readonly observer: ClusterObserver;
  /** From 0 to 1; spreads retries. */
  readonly random: () => number;
  readonly timing?: ClusterTiming;
}

/** A cluster, and what only some callers need of it. */
export interface ConnectedCluster extends Cluster {
  /** URL of the API server. */
  readonly server: string;
  /** All objects of a kind, once; fails rather than trying again. */
  list(
    kind: ObjectKind,
    scope: ObjectScope,
    signal: AbortSignal,
  ): Promise<readonly ClusterObject[]>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * A Kubernetes cluster behind the port. Does not contact the API server yet.
 * @throws AppError `cluster/invalid` when there is no usable kubeconfig
 */
export function connectCluster(options: ClusterOptions): ConnectedCluster {
  const connection = new Connection(loadKubeConfig(options));
  const context: ClusterContext = {
    client: new ApiClient(connection),
    timing: options.timing ?? CLUSTER_TIMING,
    random: options.random,
    observer: options.observer,
  };
  const secrets = new ClusterSecrets(context);
  const events = new EventRecorder(context);
  return {
    server: connection.server,
    secrets,
    follow: (kind, scope, listener, signal) =>
      followObjects(context, { kind, scope }, listener, signal),
    followSecrets: (changed, signal) => secrets.follow(changed, signal),
    namespaceLabels: (namespace, signal) => namespaceLabels(context, namespace, signal),
    readObject: (ref, signal) => readObject(context, ref, signal),
    annotate: (ref, annotations, signal) => annotate(context, ref, annotations, signal),
    writeStatus: (object, status, signal) => writeStatus(context, object, status, signal),
    record: (event, signal) => events.record(event, signal),
    lead: (lease, lead, signal) => competeForLease(context, { lease, lead }, signal),
    list: (kind, scope, signal) => listAll(context, { kind, scope }, signal),
    close: () => connection.close(),
  };
}
