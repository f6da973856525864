import { z } from 'zod';
import { eventFormat, imageNamed } from '../format.ts';

/**
 * Quay's event `repo_push`: the only one with `updated_tags`, which is a list and was once an object.
 * Other events, such as builds, have `docker_tags` instead.
 * @see https://docs.quay.io/guides/notifications.html
 */
export const quay = eventFormat(
  z.object({ updated_tags: z.unknown().refine((tags) => tags !== undefined) }),
  z.object({
    docker_url: z.string(),
    updated_tags: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]),
  }),
  ({ docker_url: name, updated_tags: tags }) =>
    (Array.isArray(tags) ? tags : Object.keys(tags)).map((tag) => imageNamed(name, tag)),
);
