import type { z } from 'zod';
import { isTag, parseImageReference, parseRepository } from '../../domain/image-reference.ts';
import type { PushedImage } from '../../domain/push/pushed-image.ts';
import type { PushHeaders } from '../../ports/push.ts';

/** A body as a format understands it. */
export type Parsed =
  | { readonly images: readonly PushedImage[] }
  /** Where the body is not what the format says, and what is wrong there. */
  | { readonly fault: string };

/** Reads the body of a request. @param body what its JSON says */
export type Format = (body: unknown, headers: PushHeaders) => Parsed;

/**
 * A format in which a body tells of one event.
 * @param isPush what all bodies that tell of a push have in common; every other one tells of nothing
 * @param schema the fields that are used
 */
export function eventFormat<S extends z.ZodType>(
  isPush: z.ZodType,
  schema: S,
  imagesOf: (event: z.output<S>) => readonly (PushedImage | undefined)[],
): Format {
  return (body) => {
    if (!isPush.safeParse(body).success) return { images: [] };
    const { data, error } = schema.safeParse(body);
    if (error !== undefined) return { fault: faultOf(error) };
    return { images: imagesOf(data).filter((image) => image !== undefined) };
  };
}

/** The first thing that is wrong, with its place. Nothing of the body is repeated. */
export function faultOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue?.path.join('.') ?? '';
  return place === '' ? 'the body is not such an event' : `${place} is missing or not as expected`;
}

/** An image by a name that anybody can use: `host/path` or a name of Docker Hub. Undefined: it is no name. */
export function imageNamed(name: string, tag?: string): PushedImage | undefined {
  if (parseImageReference(name)?.name !== name) return undefined;
  return { ...parseRepository(name), ...tagged(tag) };
}

/** An image on a registry whose name the sender does not know as others do. */
export function imageAt(
  path: string,
  tag?: string,
  place: 'whole' | 'tail' = 'whole',
): PushedImage {
  return { path, ...(place === 'tail' ? { isTail: true } : {}), ...tagged(tag) };
}

/** Senders put a digest, or an empty text, where there is no tag. Artifactory writes `__` for the colon. */
function tagged(tag: string | undefined): { readonly tag?: string | null } {
  if (tag === undefined) return {};
  return { tag: isTag(tag) && !/^sha256__[0-9a-f]{64}$/.test(tag) ? tag : null };
}
