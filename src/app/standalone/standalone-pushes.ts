import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { asAppError, type AppError } from '../../domain/errors.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { Clock, Secrets } from '../../ports/ports.ts';
import type { PushPorts } from '../../ports/push.ts';
import type { PushEvent } from '../receive/push-handler.ts';
import { receivePushes, type PushReceiving } from '../receive/receive-pushes.ts';
import { openReceiver } from '../receive/receivers.ts';
import type { RepositoryScans } from '../scan/repository-scans.ts';
import type { CarriedOutPass } from '../update/update-branch.ts';
import type { Alarm } from './alarm.ts';

/** A receiver that cannot be open, told once. */
export interface ReceiverFailed {
  readonly kind: 'receiver-failed';
  /** `namespace/name`. */
  readonly receiver: string;
  readonly error: AppError;
}

/** What receiving without a cluster works with. */
export interface StandalonePushOptions {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly pushes: PushPorts;
  readonly scans: RepositoryScans;
  readonly alarm: Alarm;
  readonly stop: AbortSignal;
  readonly onEvent: (event: PushEvent | ReceiverFailed) => void;
}

/** The receivers of a controller without a cluster. */
export class StandalonePushes {
  readonly #options: StandalonePushOptions;
  readonly #receiving: PushReceiving;
  /** Policies of the config folder. */
  #given: ReadonlyMap<PolicyKey, ImagePolicy> = new Map();
  /** Policies that passes saw: those of the config repo are nowhere else. By automation. */
  readonly #seen = new Map<string, ReadonlyMap<PolicyKey, ImagePolicy>>();
  /** What was told of each receiver that is not open. */
  readonly #told = new Map<string, string>();

  constructor(options: StandalonePushOptions) {
    this.#options = options;
    this.#receiving = receivePushes({
      clock: options.clock,
      messages: options.pushes.messages,
      stop: options.stop,
      policies: () => [...this.#policies().values()],
      scanNow: (policies) => this.#scanNow(policies),
      onEvent: options.onEvent,
    });
  }

  /** Takes requests until the returned function is called. */
  begin(): () => void {
    return this.#options.pushes.endpoint.handle(this.#receiving.handler);
  }

  /** Opens the receivers that there are with the tokens that they have now, and closes those that went. */
  async load(resources: Resources, signal: AbortSignal): Promise<void> {
    const { receivers } = this.#receiving;
    this.#given = resources.policies;
    for (const key of this.#seen.keys()) {
      if (!resources.automations.has(key)) this.#seen.delete(key);
    }
    receivers.keepOnly(new Set(resources.receivers.keys()));
    for (const [key, receiver] of resources.receivers) {
      try {
        await openReceiver(receivers, receiver, this.#options.secrets, signal);
        this.#told.delete(key);
      } catch (thrown) {
        this.#tell(key, asAppError(thrown));
      }
    }
  }

  /** A pass was made with these policies. */
  passed({ metadata }: ImageUpdateAutomation, { pass }: CarriedOutPass): void {
    const policies = [...pass.views].map(([key, { policy }]) => [key, policy] as const);
    this.#seen.set(`${metadata.namespace}/${metadata.name}`, new Map(policies));
  }

  #tell(receiver: string, error: AppError): void {
    if (error.code === 'cancelled' || this.#told.get(receiver) === error.message) return;
    this.#told.set(receiver, error.message);
    this.#options.onEvent({ kind: 'receiver-failed', receiver, error });
  }

  #policies(): ReadonlyMap<PolicyKey, ImagePolicy> {
    return new Map([...this.#given, ...[...this.#seen.values()].flatMap((seen) => [...seen])]);
  }

  #scanNow(keys: readonly PolicyKey[]): void {
    const policies = this.#policies();
    for (const key of keys) {
      const policy = policies.get(key);
      if (policy !== undefined) this.#options.scans.forget(policy);
    }
    this.#options.alarm.ring(keys);
  }
}
