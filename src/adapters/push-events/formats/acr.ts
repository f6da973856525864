import { z } from 'zod';
import { eventFormat, imageNamed } from '../format.ts';

/**
 * Azure Container Registry: action `push`; a Helm chart comes as `chart_push`, an imported image as `push`.
 * `request.host` is the registry's login server.
 * @see https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
 */
export const acr = eventFormat(
  z.object({ action: z.enum(['push', 'chart_push']) }),
  z.object({
    target: z.object({ repository: z.string(), tag: z.string().optional() }),
    request: z.object({ host: z.string() }),
  }),
  ({ target, request }) => [imageNamed(`${request.host}/${target.repository}`, target.tag ?? '')],
);
