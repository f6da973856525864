import { z } from 'zod';
import {
  labelSelectorSchema,
  localReference,
  metadataSchema,
  rule,
  type ObjectMeta,
} from './schema.ts';

/** Who sends, which says how a request is authenticated and read. In the order of the documentation. */
export const RECEIVER_TYPES = [
  'generic',
  'cloudevents',
  'distribution',
  'acr',
  'artifactregistry',
  'dockerhub',
  'ecr',
  'gitea',
  'github',
  'gitlab',
  'harbor',
  'jfrog',
  'nexus',
  'quay',
] as const;

/** One of {@link RECEIVER_TYPES}. */
export type ReceiverType = (typeof RECEIVER_TYPES)[number];

/** `spec` of an ImageReceiver. Names follow Flux's `Receiver` where it has the field. */
export const imageReceiverSpecSchema = rule(
  z.object({
    type: z
      .enum(RECEIVER_TYPES)
      .describe('Which registry sends; it says how a request is authenticated and read.'),
    secretRef: localReference(
      'Secret whose token makes the path, and authenticates the sender where it can be.',
    ),
    policySelector: labelSelectorSchema
      .optional()
      .describe('Which ImagePolicies a push may scan. Default: all of the namespace.'),
    identity: z
      .object({
        audience: z
          .string()
          .min(1)
          .max(2048)
          .describe('Audience of the identity token, as the push subscription names it.'),
        email: z
          .string()
          .min(3)
          .max(320)
          .describe('Service account that the push subscription authenticates as.'),
      })
      .optional()
      .describe('Whose Google identity tokens are accepted. Only for artifactregistry.'),
    suspend: z.boolean().default(false).describe('Act on no push.'),
  }),
  {
    cel: "(self.type == 'artifactregistry') == has(self.identity)",
    message: 'identity is for type artifactregistry, which needs it',
    check: ({ type, identity }) => (type === 'artifactregistry') === (identity !== undefined),
  },
);

/** A whole ImageReceiver, as a file has it. */
export const imageReceiverSchema = z.object({
  metadata: metadataSchema,
  spec: imageReceiverSpecSchema,
});

/** A parsed, defaulted ImageReceiver spec. */
export type ImageReceiverSpec = z.output<typeof imageReceiverSpecSchema>;

/** An ImageReceiver: which registry's pushes make which policies scan at once. */
export interface ImageReceiver {
  readonly kind: 'ImageReceiver';
  readonly metadata: ObjectMeta;
  readonly spec: ImageReceiverSpec;
}
