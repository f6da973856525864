import { AppError } from '../../domain/errors.ts';
import type { EventText } from '../../domain/status/events.ts';
import { sameJson } from '../../domain/status/same-json.ts';
import type { ControllerContext } from './context.ts';
import type { KnownObject } from './objects.ts';

/** A status, and what its transition is worth telling. */
export interface StatusReport {
  readonly status: object;
  readonly events: readonly EventText[];
}

/**
 * Writes a status where it is another than before; an object that is gone is none of our business.
 * @throws AppError `cancelled` when this process does not surely lead any more
 */
export async function writeStatus(
  context: Pick<ControllerContext, 'cluster' | 'objects' | 'leadership'>,
  known: KnownObject,
  { status, events }: StatusReport,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, objects, leadership } = context;
  const { object } = known;
  if (!objects.has(object) || sameJson(objects.statusOf(known), status)) return;
  if (!leadership.holds()) {
    throw new AppError('cancelled', 'another process may be leading now; no status was written');
  }
  objects.writes(object, status);
  try {
    const result = await cluster.writeStatus(object, status, signal);
    if (result === 'gone') return;
  } catch (error) {
    objects.didNotWrite(object);
    throw error;
  }
  for (const event of events) await cluster.record({ object, ...event }, signal);
}
