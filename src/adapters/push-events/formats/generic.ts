import { z } from 'zod';
import { parseImageReference } from '../../../domain/image-reference.ts';
import { eventFormat, imageNamed } from '../format.ts';

const image = z.string().max(1024);

/**
 * Our own form, for what has no webhook of its own, such as a pipeline:
 * `{"image": "ghcr.io/org/app", "tag": "1.2.0"}`. The tag may stand in `image`, or be left out.
 */
export const generic = eventFormat(
  z.unknown(),
  z.object({
    image: image.refine((text) => parseImageReference(text) !== undefined),
    tag: z.string().optional(),
  }),
  (event) => {
    const reference = parseImageReference(event.image);
    return reference === undefined ? [] : [imageNamed(reference.name, event.tag ?? reference.tag)];
  },
);
