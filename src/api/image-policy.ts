import { z } from 'zod';
import { accessFromSchema, promoteFromSchema } from './policy-relations.ts';
import {
  duration,
  exactlyOneOf,
  localReference,
  metadataSchema,
  moment,
  objectName,
  rule,
  type ObjectMeta,
} from './schema.ts';

/** Longest pattern accepted: user patterns are hostile input and are compiled on every start. */
const MAX_PATTERN_CHARS = 1024;

const pattern = z.string().min(1).max(MAX_PATTERN_CHARS);

const order = (ascending: string) =>
  z
    .enum(['asc', 'desc'])
    .default('asc')
    .describe(`Sort order; the last tag is chosen. asc (default): ${ascending}.`);

const tag = z
  .string()
  .min(1)
  .max(128)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]*$/,
    'must be a tag: letters, digits, "_", "." and "-", not starting with "." or "-"',
  );

const tagPolicySchema = exactlyOneOf(
  z.object({
    semver: z
      .object({
        range: z
          .string()
          .max(512)
          .describe(
            'Allowed versions, such as "^1.2.0", "1.x", ">=1.0.0 <2.0.0" or ">=1.0.0-0" (with pre-releases); a comma means AND.',
          ),
      })
      .optional()
      .describe('Choose the highest semantic version in a range.'),
    numerical: z
      .object({ order: order('the largest number is chosen') })
      .optional()
      .describe('Choose by number; exact for integers of any length.'),
    alphabetical: z
      .object({ order: order('the last in alphabetical order is chosen') })
      .optional()
      .describe('Choose by alphabetical order (by Unicode code point).'),
    newest: z
      .object({})
      .optional()
      .describe(
        'Choose the image that was built last, by what its manifest or config says. Narrow the tags with filterTags: each is asked about once.',
      ),
    digest: z
      .object({ tag: tag.describe('The mutable tag to follow.') })
      .optional()
      .describe('Follow one mutable tag: its name stays, its digest is kept up to date.'),
  }),
  ['semver', 'numerical', 'alphabetical', 'newest', 'digest'],
).describe('How the tag is chosen: exactly one of the members.');

const filterTagsSchema = rule(
  z.object({
    pattern: pattern
      .optional()
      .describe('Only tags that match this RE2 pattern are considered (unanchored).'),
    extract: z
      .string()
      .max(MAX_PATTERN_CHARS)
      .optional()
      .describe(
        'What the policy orders instead of the tag: a template over the groups of pattern, such as "$ts" or "${1}". The original tag is written.',
      ),
    exclude: z
      .array(pattern)
      .max(32)
      .optional()
      .describe('Tags that match any of these RE2 patterns are never chosen.'),
  }),
  {
    cel: '!has(self.extract) || has(self.pattern)',
    message: 'extract needs pattern',
    check: (value) => value.extract === undefined || value.pattern !== undefined,
  },
).describe('Which tags are considered, and which part of them is ordered.');

const digest = z
  .string()
  .max(135)
  .regex(
    /^sha(256:[a-f0-9]{64}|512:[a-f0-9]{128})$/,
    'must be a digest: sha256: and 64 hex digits',
  );

const lockSchema = z
  .object({
    tag: tag
      .optional()
      .describe('Every location of the policy is driven to this tag and kept there.'),
    digest: digest.optional().describe('Written behind the tag as tag@digest.'),
    reason: z.string().max(1024).optional().describe('Why, for the people who read it.'),
    by: z.string().max(256).optional().describe('Who locked it.'),
    until: moment('When the lock lifts by itself (RFC 3339).').optional(),
  })
  .describe(
    'Pin every location of this policy. Without tag, each location stays at what it holds now.',
  );

const cosignSchema = rule(
  rule(
    z.object({
      secretRef: localReference(
        'Secret whose *.pub entries are the public keys to trust (PEM); one must have signed.',
      ).optional(),
      matchOIDCIdentity: z
        .array(
          z.object({
            issuer: pattern.describe('RE2 pattern for the issuer of the certificate.'),
            subject: pattern.describe('RE2 pattern for the subject of the certificate.'),
          }),
        )
        .min(1)
        .max(16)
        .optional()
        .describe('Identities to trust in keyless signatures; one must match.'),
      trustedRootSecretRef: localReference(
        'Secret whose trusted_root.json says which Sigstore to trust for identities. Default: the public one, over the network.',
      ).optional(),
    }),
    {
      cel: 'has(self.secretRef) || has(self.matchOIDCIdentity)',
      message: 'secretRef, matchOIDCIdentity or both must be set',
      check: (value) => value.secretRef !== undefined || value.matchOIDCIdentity !== undefined,
    },
  ),
  {
    cel: '!has(self.trustedRootSecretRef) || has(self.matchOIDCIdentity)',
    message: 'trustedRootSecretRef needs matchOIDCIdentity',
    check: (value) =>
      value.trustedRootSecretRef === undefined || value.matchOIDCIdentity !== undefined,
  },
).describe('Cosign signature, by one of the keys or by one of the identities.');

const verifySchema = z
  .object({ cosign: cosignSchema })
  .describe(
    'Signature required before a tag may be written; tag@digest is written, whatever digestReflectionPolicy says.',
  );

/** `spec` of an ImagePolicy (DESIGN: resources). Flux's names where Flux has the field. */
export const imagePolicySpecSchema = rule(
  z.object({
    image: z
      .string()
      .min(1)
      .max(512)
      .describe(
        'Repository to scan, without scheme and tag: "ghcr.io/org/app" or "host:5000/path".',
      ),
    writtenName: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe('Name written into manifests where it differs from image (mirror, proxy cache).'),
    interval: duration('How often the registry is scanned. Default 5m.').default('5m'),
    schedule: z
      .object({
        cron: z
          .string()
          .min(9)
          .max(128)
          .describe('Cron expression of five fields, such as "0 6 * * 1-5".'),
        timeZone: z.string().max(64).default('UTC').describe('IANA time zone. Default UTC.'),
      })
      .optional()
      .describe('When the registry is scanned, instead of interval.'),
    timeout: duration('How long one scan may take. Default 60s.').default('60s'),
    suspend: z
      .boolean()
      .default(false)
      .describe('Stop scanning; locations of this policy stay as they are.'),
    policy: tagPolicySchema,
    filterTags: filterTagsSchema.optional(),
    digestReflectionPolicy: z
      .enum(['Never', 'IfNotPresent', 'Always'])
      .default('Never')
      .describe(
        'Write tag@digest: Never, IfNotPresent (when the tag changes or has none), or Always (also when the tag was pushed again).',
      ),
    platforms: z
      .array(
        z
          .string()
          .max(64)
          .regex(
            /^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/,
            'must be a platform such as linux/amd64 or linux/arm/v7',
          ),
      )
      .max(16)
      .optional()
      .describe(
        'A tag must provide all of these platforms (os/arch[/variant]); linux/arm64 and linux/arm64/v8 are the same. Charts and other artifacts have none and pass.',
      ),
    minimumAge: duration(
      'How long a tag, with the digest it has, must have been known before it is chosen. Counts from when this controller first saw it; what was there at the first scan counts as old enough.',
    ).optional(),
    verify: verifySchema.optional(),
    allowDowngrade: z
      .boolean()
      .default(false)
      .describe('Allow a location to move to something older than it holds.'),
    promoteFrom: promoteFromSchema.optional(),
    lock: lockSchema.optional(),
    secretRef: localReference(
      'Secret with registry credentials (kubernetes.io/dockerconfigjson, or username and password).',
    ).optional(),
    serviceAccountName: objectName
      .optional()
      .describe('ServiceAccount whose image pull secrets are used.'),
    provider: z
      .enum(['generic', 'aws', 'azure', 'gcp'])
      .default('generic')
      .describe(
        "Where the login comes from: generic (secretRef, serviceAccountName or none), or the controller's own identity at the cloud whose registry it is.",
      ),
    certSecretRef: localReference(
      'Secret with certificates: ca.crt to trust, tls.crt and tls.key to show to the registry, or both.',
    ).optional(),
    proxySecretRef: localReference(
      'Secret with the address of an HTTP proxy, and its username and password if it wants them.',
    ).optional(),
    insecure: z
      .boolean()
      .default(false)
      .describe('Speak plain HTTP to the registry. Only for registries on a trusted network.'),
    accessFrom: accessFromSchema.optional(),
  }),
  {
    cel: "!(has(self.policy.digest) && has(self.digestReflectionPolicy) && self.digestReflectionPolicy == 'IfNotPresent')",
    message:
      'policy.digest follows a digest: digestReflectionPolicy must be left out, Never or Always',
    check: (spec) =>
      spec.policy?.digest === undefined || spec.digestReflectionPolicy !== 'IfNotPresent',
  },
);

/** A whole ImagePolicy, as a file has it. */
export const imagePolicySchema = z.object({
  metadata: metadataSchema,
  spec: imagePolicySpecSchema,
});

/** A parsed, defaulted ImagePolicy spec. */
export type ImagePolicySpec = z.output<typeof imagePolicySpecSchema>;

/** Exactly one member is set: which rule chooses the tag. */
export type TagPolicy = ImagePolicySpec['policy'];

/** Pattern, extract template and exclusions. */
export type FilterTags = NonNullable<ImagePolicySpec['filterTags']>;

/** An ImagePolicy: which image, which tag. */
export interface ImagePolicy {
  readonly kind: 'ImagePolicy';
  readonly metadata: ObjectMeta;
  readonly spec: ImagePolicySpec;
}
