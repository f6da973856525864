import { z } from 'zod';
import { eventFormat, imageAt } from '../format.ts';

/**
 * Sonatype Nexus Repository: components of format `docker`, whose version is the tag. How Docker reaches
 * the repository, by a port, a host or a path, the event does not say.
 * @see https://help.sonatype.com/en/example-headers-and-payloads.html
 */
export const nexus = eventFormat(
  z.object({
    action: z.enum(['CREATED', 'UPDATED']),
    component: z.object({ format: z.literal('docker') }),
  }),
  z.object({ component: z.object({ name: z.string(), version: z.string().optional() }) }),
  ({ component: { name, version } }) => [imageAt(name, version, 'tail')],
);
