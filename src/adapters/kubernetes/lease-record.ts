import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { ClusterContext } from './context.ts';
import type { LeaseClaim } from '../../ports/cluster.ts';
import { LEASES } from './resource.ts';

const Lease = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .default({}),
});

/** Annotation with the address at which the holder can be reached. */
const ADDRESS = 'lockkeeper.dev/receiver';

/** A Lease as the server has it. */
export type LeaseRecord = z.output<typeof Lease>;

/** What a candidate writes; times are for people, no candidate relies on another one's clock. */
export interface LeaseSpec {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

/** A `coordination.k8s.io/v1` Lease object. */
export class LeaseObject {
  readonly #context: ClusterContext;
  readonly #place: { readonly namespace: string; readonly name: string };
  readonly #annotations: Readonly<Record<string, string>>;

  constructor(context: ClusterContext, { namespace, name, address }: LeaseClaim) {
    this.#context = context;
    this.#place = { namespace, name };
    this.#annotations = address === undefined ? {} : { [ADDRESS]: address };
  }

  /** @returns undefined when there is none */
  async read(signal: AbortSignal, timeoutMs: number): Promise<LeaseRecord | undefined> {
    const request = { verb: 'get', resource: LEASES, ...this.#place } as const;
    const options = { signal, timeoutMs, expect: [404] };
    const { status, body } = await this.#context.client.call(request, options);
    return status === 404 ? undefined : leaseRecord(body);
  }

  /**
   * Creates it, or replaces just the given version (compare and swap).
   * @returns undefined when somebody else was faster
   */
  async write(
    spec: LeaseSpec,
    replaced: LeaseRecord | undefined,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<LeaseRecord | undefined> {
    const { namespace, name } = this.#place;
    const version = replaced && { resourceVersion: replaced.metadata.resourceVersion };
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name, annotations: this.#annotations, ...version },
      spec,
    };
    const target = { resource: LEASES, namespace, body };
    const request =
      replaced === undefined
        ? ({ verb: 'create', ...target } as const)
        : ({ verb: 'update', ...target, name } as const);
    const answer = await this.#context.client.call(request, { ...options, expect: [404, 409] });
    if (answer.status === 409) return undefined;
    if (answer.status === 404 && replaced !== undefined) return undefined;
    if (answer.status === 404) {
      throw new AppError('cluster/invalid', `there is no namespace ${namespace} for the lease`, {
        retry: true,
      });
    }
    return leaseRecord(answer.body);
  }
}

/** Where the holder of a lease can be reached, as far as it says. */
export function holderAddress({ metadata }: LeaseRecord): string | undefined {
  return metadata.annotations?.[ADDRESS];
}

/** The time as a Lease has it, with microseconds. */
export function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}

function leaseRecord(body: unknown): LeaseRecord {
  const result = Lease.safeParse(body);
  if (result.success) return result.data;
  const text = 'the API server answered with something that is no Lease';
  throw new AppError('cluster/invalid', text, { retry: true, cause: result.error });
}
