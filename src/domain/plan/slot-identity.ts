import { heldText } from './target.ts';
import type { ImageSlot } from './image-slot.ts';
import { formatResource } from './update-plan.ts';

/**
 * What a slot held in another version of its file: the slot of the same policy at the same place in the
 * same resource, or the only one that the policy has in each.
 */
export function heldThen(slot: ImageSlot, others: readonly ImageSlot[]): string | undefined {
  const ofPolicy = others.filter(({ policy }) => policy === slot.policy);
  const wanted = identityOf(slot);
  const same = ofPolicy.find((other) => identityOf(other) === wanted) ?? only(ofPolicy);
  return same === undefined ? undefined : heldText(same);
}

function only(slots: readonly ImageSlot[]): ImageSlot | undefined {
  return slots.length === 1 ? slots[0] : undefined;
}

/** Documents may be added before others: the resource says more than its number, where there is one. */
function identityOf({ fields: [{ document, resource, keyPath }] }: ImageSlot): string {
  return JSON.stringify([resource === undefined ? document : formatResource(resource), keyPath]);
}
