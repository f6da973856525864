import type {
  ChangedSource,
  Cluster,
  LeaseClaim,
  Leadership,
  ObjectKind,
  ObjectListener,
  ObjectScope,
} from '../../ports/cluster.ts';
import type { Ports } from '../../ports/ports.ts';
import type { PushAnswer, PushHandler, PushPorts, PushRelay } from '../../ports/push.ts';
import { RETRY_AFTER_S } from '../receive/push-handler.ts';
import { createRelayHandler } from '../receive/relay-pushes.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { ControllerEvent } from './context.ts';
import { LeadTerm } from './lead.ts';
import { ClusterObjects } from './objects.ts';

/** How the controller of a cluster is run. */
export interface ControllerOptions {
  /** Which objects are this controller's: all, or one shard. */
  readonly scope: ObjectScope;
  /** Objects of each kind that are worked on at the same time. */
  readonly concurrency: number;
  /** May automations refer to what is in other namespaces, where that grants it? Default true. */
  readonly crossNamespaceRefs?: boolean;
  /** Which lease says who writes; without it there is only this process. */
  readonly lease?: Omit<LeaseClaim, 'onHolder'>;
}

/** How a controller is told to stop, and what it tells. */
export interface ControllerLife {
  readonly signals: StopSignals;
  readonly onEvent: (event: ControllerEvent) => void;
}

/** The outside effects of the controller of a cluster; Secrets are the cluster's own. */
export interface ControllerPorts extends Omit<Ports, 'secrets'> {
  readonly cluster: Cluster;
  /** Where registries tell of pushes; without it, ImageReceivers are none of this process's business. */
  readonly pushes?: PushPorts;
  /** Passes pushes on to the process that leads; without it they are refused where this one does not. */
  readonly pushRelay?: PushRelay;
}

/** Nobody here acts on pushes: the sender is to come again. */
const UNAVAILABLE: PushAnswer = { status: 503, retryAfterS: RETRY_AFTER_S };

const SOLE_WRITER: Leadership = { holds: () => true };

/**
 * Runs the controller in a cluster until it is told to stop. Every process knows all objects; only the
 * one that holds the lease acts on them, so that the next one can begin at once.
 */
export async function runController(
  ports: ControllerPorts,
  options: ControllerOptions,
  life: ControllerLife,
): Promise<void> {
  const controller = new Controller(ports, options, life);
  await controller.run();
}

class Controller {
  readonly #ports: ControllerPorts;
  readonly #options: ControllerOptions;
  readonly #life: ControllerLife;
  readonly #objects = new ClusterObjects();
  /** What this process does while it leads. */
  #term: LeadTerm | undefined;
  /** Where the process that leads takes pushes, when it is another one and says so. */
  #leader: string | undefined;

  constructor(ports: ControllerPorts, options: ControllerOptions, life: ControllerLife) {
    this.#ports = ports;
    this.#options = options;
    this.#life = life;
  }

  async run(): Promise<void> {
    const { stop, abort } = this.#life.signals;
    const ending = new AbortController();
    const followed = this.#follow(AbortSignal.any([abort, ending.signal]));
    // Following ends early only by a failure, and then nothing that is known may be relied on.
    const isOver = followed.ended.finally(() => ending.abort());
    isOver.catch(() => undefined);
    const endPushes = this.#takePushes();
    try {
      await Promise.race([followed.synced, isOver, fired(stop)]);
      if (!stop.aborted && !ending.signal.aborted) {
        this.#tellSynced();
        await this.#lead({ stop: AbortSignal.any([stop, ending.signal]), abort });
      }
    } finally {
      endPushes?.();
      ending.abort();
    }
    await isOver;
  }

  #follow(signal: AbortSignal) {
    const kinds: readonly ObjectKind[] = [
      'ImagePolicy',
      ...(this.#ports.pushes === undefined ? [] : (['ImageReceiver'] as const)),
      'ImageUpdateAutomation',
    ];
    const feeds = kinds.map((kind) => this.#followKind(kind, signal));
    return {
      synced: Promise.all(feeds.map(({ synced }) => synced)),
      ended: Promise.all(feeds.map(({ ended }) => ended)),
    };
  }

  #followKind(kind: ObjectKind, signal: AbortSignal) {
    let told: () => void = () => undefined;
    const synced = new Promise<void>((resolve) => (told = resolve));
    const listener: ObjectListener = {
      changed: (object) => {
        const change = this.#objects.set(object);
        this.#term?.changed(change);
      },
      removed: (ref) => {
        const known = this.#objects.delete(ref);
        if (known !== undefined) this.#term?.removed(known);
      },
      synced: () => told(),
    };
    return {
      synced,
      ended: this.#ports.cluster.follow(kind, this.#options.scope, listener, signal),
    };
  }

  /** Pushes are answered by the term while this process leads, and passed on while it does not. */
  #takePushes(): (() => void) | undefined {
    const { pushes, pushRelay: relay, clock } = this.#ports;
    const { onEvent } = this.#life;
    const leader = () => this.#leader;
    const passOn: PushHandler =
      relay === undefined
        ? () => UNAVAILABLE
        : createRelayHandler({ clock, relay, leader, onEvent });
    return pushes?.endpoint.handle((head) => (this.#term?.pushHandler ?? passOn)(head));
  }

  #tellSynced(): void {
    const policies = this.#objects.keys('ImagePolicy').length;
    const automations = this.#objects.keys('ImageUpdateAutomation').length;
    this.#life.onEvent({ kind: 'synced', policies, automations });
  }

  /** Leads whenever the lease is ours. It is given back when the work under way has ended, and not before. */
  async #lead(signals: StopSignals): Promise<void> {
    const { lease } = this.#options;
    if (lease === undefined) return this.#work(SOLE_WRITER, signals);
    const release = new AbortController();
    const releaseUnlessLeading = () => {
      if (this.#term === undefined) release.abort();
    };
    signals.stop.addEventListener('abort', releaseUnlessLeading, { once: true });
    await this.#ports.cluster.lead(
      { ...lease, onHolder: (address) => (this.#leader = address) },
      async (leadership, lost) => {
        await this.#work(leadership, {
          stop: AbortSignal.any([signals.stop, lost]),
          abort: AbortSignal.any([signals.abort, lost]),
        });
        if (signals.stop.aborted) release.abort();
      },
      release.signal,
    );
  }

  async #work(leadership: Leadership, signals: StopSignals): Promise<void> {
    if (signals.stop.aborted) return;
    const { cluster, pushes } = this.#ports;
    const { onEvent } = this.#life;
    const ending = new AbortController();
    const stop = AbortSignal.any([signals.stop, ending.signal]);
    onEvent({ kind: 'leading' });
    const term = new LeadTerm({
      ports: { ...this.#ports, secrets: cluster.secrets },
      cluster,
      objects: this.#objects,
      scope: this.#options.scope,
      leadership,
      concurrency: this.#options.concurrency,
      crossNamespace: {
        isAllowed: this.#options.crossNamespaceRefs ?? true,
        labelsOf: (namespace, signal) => cluster.namespaceLabels(namespace, signal),
      },
      signals: { stop, abort: signals.abort },
      ...(pushes === undefined ? {} : { pushMessages: pushes.messages }),
      onEvent,
    });
    this.#term = term;
    try {
      const changed = (source: ChangedSource) => term.sourceChanged(source);
      await Promise.all([cluster.followSecrets(changed, stop), fired(stop)]);
    } finally {
      ending.abort();
      this.#term = undefined;
      this.#leader = undefined;
      await term.ended();
      onEvent({ kind: 'following' });
    }
  }
}

/** Resolves when a signal fires. */
async function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
