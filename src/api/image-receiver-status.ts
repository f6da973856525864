import { z } from 'zod';
import { conditionsSchema } from './conditions.ts';
import { lastHandledReconcileAt, observedGeneration } from './schema.ts';

/** `status` of an ImageReceiver. */
export const imageReceiverStatusSchema = z.object({
  path: z
    .string()
    .max(256)
    .optional()
    .describe('Path that the registry sends to, below the address of the receiver endpoint.'),
  conditions: conditionsSchema.optional(),
  observedGeneration,
  lastHandledReconcileAt,
});

/** A parsed status of an ImageReceiver. */
export type ImageReceiverStatus = z.output<typeof imageReceiverStatusSchema>;
