import { z } from 'zod';
import { duration, namespaceName, objectName, textMap } from './schema.ts';

/** `spec.promoteFrom` of an ImagePolicy. */
export const promoteFromSchema = z
  .object({
    policy: objectName.describe('Name of the policy to follow.'),
    namespace: namespaceName
      .optional()
      .describe('Namespace of that policy, if another; its accessFrom must grant access.'),
    soak: duration(
      'How long all of its locations must have held a tag, without a break. Default: no time at all.',
    ).optional(),
  })
  .describe(
    'Choose only what all locations of another policy hold, or held before they moved forward.',
  );

/** `spec.accessFrom` of an ImagePolicy, in the form that Flux gives it. */
export const accessFromSchema = z
  .object({
    namespaceSelectors: z
      .array(
        z.object({
          matchLabels: textMap('Labels that the namespace must have. Empty: any.').optional(),
        }),
      )
      .max(32)
      .describe('Namespaces, by label, whose automations and policies may use this policy.'),
  })
  .describe('Which other namespaces may use this policy. Default none.');
