import { z } from 'zod';
import { eventFormat, imageAt } from '../format.ts';

/**
 * JFrog Artifactory: domain `docker`, events `pushed` and `promoted`. The image's name says nothing of how
 * Docker reaches its repository: by a port, a host of its own, or a path, maybe of a virtual repository.
 * @see https://docs.jfrog.com/administration/docs/event-types
 */
export const jfrog = eventFormat(
  z.object({ domain: z.literal('docker'), event_type: z.enum(['pushed', 'promoted']) }),
  z.object({ data: z.object({ image_name: z.string(), tag: z.string().optional() }) }),
  ({ data: { image_name: name, tag } }) => [imageAt(name, tag, 'tail')],
);
