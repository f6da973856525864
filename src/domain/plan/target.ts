import type { ImageSlot } from './image-slot.ts';

/** What a slot holds or should hold; at least one of the two. */
export interface Target {
  readonly tag?: string;
  readonly digest?: string;
}

/** What the slot's fields say together. */
export function heldBy({ fields }: ImageSlot): Target {
  const tag = fields.find(({ current }) => current.tag !== undefined)?.current.tag;
  const digest = fields.find(({ current }) => current.digest !== undefined)?.current.digest;
  return targetOf(tag, digest);
}

/** Tag, tag@digest or digest that a slot holds; undefined when it holds neither. */
export function heldText(slot: ImageSlot): string | undefined {
  return targetText(heldBy(slot)) || undefined;
}

/** A target of what there is. */
export function targetOf(tag: string | undefined, digest: string | undefined): Target {
  return { ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** `tag@digest`, or the one of them that there is. */
export function targetText({ tag, digest }: Target): string {
  if (digest === undefined) return tag ?? '';
  return tag === undefined ? digest : `${tag}@${digest}`;
}
