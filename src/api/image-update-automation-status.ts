import { z } from 'zod';
import { conditionsSchema } from './conditions.ts';
import { lastHandledReconcileAt, moment, observedGeneration } from './schema.ts';

const count = (description: string) =>
  z.int().min(0).max(2_147_483_647).meta({ format: 'int32' }).describe(description);

/** `status` of an ImageUpdateAutomation. */
export const imageUpdateAutomationStatusSchema = z.object({
  lastPush: z
    .object({
      commit: z.string().max(64).describe('Id of the commit.'),
      branch: z.string().max(255).describe('Branch that it was pushed to.'),
      time: moment('When it was pushed.'),
      pullRequest: z.string().max(2048).optional().describe('Address of the pull request.'),
    })
    .optional()
    .describe('The last commit that was pushed.'),
  locations: z
    .object({
      total: count('Fields that belong to a policy of this automation.'),
      upToDate: count('Fields that hold what their policy chooses.'),
      pending: count('Fields that are to change.'),
      locked: count('Fields that a lock decides.'),
      held: count('Fields that a person moved back and that are left alone.'),
      failed: count('Fields that cannot be changed; conditions say why.'),
    })
    .optional()
    .describe('How many fields of the repo are in which state.'),
  holds: z
    .array(
      z.object({
        location: z.string().max(2048).describe('The field, as file:line.'),
        tag: z.string().max(256).describe('What was written there, and is not written again.'),
        by: z
          .string()
          .max(512)
          .optional()
          .describe('Who moved the field, or closed the pull request.'),
        time: moment('When, where that is known.').optional(),
        commit: z.string().max(64).optional().describe('The commit that moved it.'),
        pullRequest: z
          .string()
          .max(2048)
          .optional()
          .describe('The pull request that was closed without being merged.'),
      }),
    )
    .max(128)
    .optional()
    .describe('Fields that a person moved away from what was written, or would not have changed.'),
  window: z
    .object({
      open: z.boolean().describe('Whether commits may be made now.'),
      reason: z.string().max(1024).optional().describe('Which window decides.'),
      nextOpen: moment('When commits may next be made, where that is known.').optional(),
    })
    .optional()
    .describe('State of spec.windows.'),
  batch: z
    .object({
      since: moment('When the first of them was wanted.'),
      until: moment('When all of them are written, unless a window is closed then.'),
    })
    .optional()
    .describe('Changes that wait for more of them, as spec.batchWindow says.'),
  conditions: conditionsSchema.optional(),
  observedGeneration,
  lastHandledReconcileAt,
});

/** A parsed status of an ImageUpdateAutomation. */
export type ImageUpdateAutomationStatus = z.output<typeof imageUpdateAutomationStatusSchema>;
