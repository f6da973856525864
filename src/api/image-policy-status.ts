import { z } from 'zod';
import { conditionsSchema } from './conditions.ts';
import { lastHandledReconcileAt, moment, observedGeneration } from './schema.ts';

/** How many verdicts status keeps: enough to answer "why not this one?", small enough for etcd. */
export const MAX_STATUS_VERDICTS = 10;

/** How many waiting tags status keeps. */
export const MAX_PENDING = 32;

/** How many moments of its locations status keeps, over all automations. */
export const MAX_DEPLOYED = 64;

const tag = z.string().max(128);
const digest = z.string().max(135);

const chosenImage = (description: string) =>
  z
    .object({
      image: z.string().max(512).describe('Repository of the image, as it is written.'),
      tag: tag.describe('The chosen tag.'),
      digest: digest.optional().describe('Digest of the tag, where the policy asks for it.'),
      time: moment('When it was first chosen.').optional(),
    })
    .optional()
    .describe(description);

/** `status` of an ImagePolicy. */
export const imagePolicyStatusSchema = z.object({
  latest: chosenImage('The image that the policy chooses, lock or no lock.'),
  previous: chosenImage('The image that was chosen before latest.'),
  verdicts: z
    .array(
      z.object({
        tag: tag.describe('The tag.'),
        verdict: z
          .enum(['selected', 'eligible', 'waiting', 'rejected'])
          .describe(
            'What became of it: the choice, allowed but older, allowed but not yet, or not allowed.',
          ),
        reason: z.string().max(1024).describe('Why, in one line.'),
      }),
    )
    .max(MAX_STATUS_VERDICTS)
    .optional()
    .describe('The newest few tags, and why each was chosen or passed over.'),
  pending: z
    .array(
      z.object({
        tag: tag.describe('The tag.'),
        digest: digest.optional().describe('Its digest when it was first seen.'),
        firstSeen: moment(
          'When this tag with this digest was first seen, or since when it soaks where it is promoted from.',
        ),
        eligibleAt: moment('When it may be chosen.').optional(),
      }),
    )
    .max(MAX_PENDING)
    .optional()
    .describe('Tags that wait for a gate, such as a minimum age or a soak.'),
  deployed: z
    .array(
      z.object({
        automation: z
          .string()
          .max(317)
          .describe('Automation in whose repo that was seen, as namespace/name.'),
        repo: z.string().max(64).describe('Hash over the address and branch of the repo.'),
        since: moment('Since when the locations hold these, until the next entry.'),
        images: z
          .array(z.string().max(264))
          .max(8)
          .describe(
            'What they hold, each once: tag, tag@digest or digest; empty for none; "*" where nobody knows.',
          ),
      }),
    )
    .max(MAX_DEPLOYED)
    .optional()
    .describe(
      'What the locations of this policy held lately, for the policies that are promoted from it.',
    ),
  lock: z
    .object({
      tag: tag.optional().describe('The tag that the policy is locked at.'),
      digest: digest.optional().describe('The digest that the policy is locked at.'),
      reason: z.string().max(1024).optional().describe('Why.'),
      by: z.string().max(256).optional().describe('Who locked it.'),
      until: moment('When it lifts by itself.').optional(),
    })
    .optional()
    .describe('The lock of this policy, while it is in effect.'),
  lastScan: z
    .object({
      time: moment('When a scan first gave this result; the same result again does not move it.'),
      tagCount: z
        .int()
        .min(0)
        .max(2_147_483_647)
        .meta({ format: 'int32' })
        .describe('How many tags the repository has.'),
      revision: z
        .string()
        .max(128)
        .describe('Hash over the sorted tags; the same tags, the same hash.'),
    })
    .optional()
    .describe('The tags as the last full scan found them.'),
  conditions: conditionsSchema.optional(),
  observedGeneration,
  lastHandledReconcileAt,
});

/** A parsed status of an ImagePolicy. */
export type ImagePolicyStatus = z.output<typeof imagePolicyStatusSchema>;
