import { z } from 'zod';
import {
  duration,
  exactlyOneOf,
  labelSelectorSchema,
  namespaceName,
  localReference,
  metadataSchema,
  objectName,
  rule,
  textMap,
  type ObjectMeta,
} from './schema.ts';

const gitSchema = z
  .object({
    url: z
      .string()
      .min(1)
      .max(2048)
      .describe('Address of the config repo: https://, http:// or ssh://.'),
    branch: z.string().min(1).max(255).default('main').describe('Branch to read and write.'),
    secretRef: localReference(
      'Secret with username and password, bearerToken, tls.crt and tls.key, ca.crt alone, or a GitHub App; over SSH with identity (its passphrase as password) and known_hosts.',
    ).optional(),
    certSecretRef: localReference(
      'Secret with ca.crt to trust, with tls.crt and tls.key to show, or with all three. For https:// only.',
    ).optional(),
    proxySecretRef: localReference(
      'Secret with the address of an HTTP proxy, and username and password where it wants them. Not for SSH.',
    ).optional(),
    provider: z
      .enum(['generic', 'github', 'aws', 'azure'])
      .default('generic')
      .describe(
        'Where the login comes from. generic: secretRef or none; github: the GitHub App in secretRef; aws, azure: the process’s own identity there.',
      ),
  })
  .describe('The config repo, given here.');

/** Git itself has no way to write these characters into a commit. */
const personPart = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^<>\r\n]*$/, 'must not contain "<", ">" or a line break');

const windowSchema = z.object({
  cron: z.string().min(9).max(128).describe('When the window opens, as a cron expression.'),
  duration: duration('How long it stays open.'),
  timeZone: z.string().max(64).default('UTC').describe('IANA time zone. Default UTC.'),
});

const commitSchema = rule(
  z
    .object({
      author: z
        .object({
          name: personPart.default('Lockkeeper').describe('Author name.'),
          email: personPart.describe('Author e-mail address.'),
        })
        .optional()
        .describe('Who the commits are by.'),
      messageTemplate: z.string().max(16384).optional().describe('Template of the message.'),
      values: textMap('Values that the template may use.').optional(),
      signingKey: z
        .object({
          secretRef: localReference(
            'Secret with git.asc (OpenPGP) and passphrase, or identity (SSH) and password.',
          ),
        })
        .optional()
        .describe('Sign commits with an OpenPGP or SSH key.'),
      signedBy: z
        .enum(['github'])
        .optional()
        .describe('Have GitHub make and sign commits, as those of the GitHub App of the repo.'),
      signOff: z.boolean().optional().describe('Add a Signed-off-by line.'),
    })
    .describe('How commits look.'),
  {
    cel: '!has(self.signedBy) || !(has(self.signingKey) || has(self.author) || (has(self.signOff) && self.signOff))',
    message:
      'signedBy goes without signingKey, author and signOff: GitHub signs with its own key, and only what the bot of the App is the author of',
    check: ({ signedBy, signingKey, author, signOff }) =>
      signedBy === undefined ||
      (signingKey === undefined && author === undefined && signOff !== true),
  },
);

const baseSpecSchema = exactlyOneOf(
  z.object({
    git: gitSchema.optional(),
    sourceRef: z
      .object({
        kind: z.enum(['GitRepository']).describe('Kind of the source.'),
        name: objectName.describe('Name of the source.'),
        namespace: namespaceName
          .optional()
          .describe('Namespace of the source, if another; the source must grant access.'),
      })
      .optional()
      .describe('The config repo, as a Flux GitRepository describes it.'),
    commit: commitSchema.optional(),
    push: z
      .object({
        branch: z.string().max(255).optional().describe('Branch to push to, if not git.branch.'),
        refspec: z.string().max(512).optional().describe('Further refspec to push.'),
        options: textMap('Git push options.').optional(),
      })
      .optional()
      .describe('Where commits are pushed. Default: the branch they were read from.'),
    pullRequest: z
      .object({
        provider: z
          .enum(['github', 'gitlab', 'gitea', 'bitbucket', 'azuredevops'])
          .describe('The forge.'),
        branch: z.string().max(255).optional().describe('Template of the branch name.'),
        labels: z.array(z.string().max(256)).max(32).optional().describe('Labels to set.'),
        reviewers: z.array(z.string().max(256)).max(32).optional().describe('Whom to ask.'),
        autoMerge: z.boolean().optional().describe('Merge when checks pass.'),
        secretRef: localReference(
          'Secret with bearerToken, or username and password, for the API of the forge. Default: the login of the repo.',
        ).optional(),
        apiUrl: z
          .string()
          .min(1)
          .max(2048)
          .optional()
          .describe(
            'Base of the API of the forge, where it is not where that forge usually has it.',
          ),
      })
      .optional()
      .describe('Open a pull request instead of pushing to the branch.'),
    reconcileAfterPush: z
      .array(
        z.object({
          kind: z
            .enum(['GitRepository', 'Kustomization', 'HelmRelease', 'Application'])
            .describe('Kind of the object: one of Flux’s, or Argo CD’s Application.'),
          name: objectName.describe('Name of the object.'),
          namespace: namespaceName
            .optional()
            .describe('Namespace of the object, if another; the object must grant access.'),
        }),
      )
      .max(16)
      .optional()
      .describe('Objects that are asked, by annotation, to take up each commit at once.'),
    policySelector: labelSelectorSchema
      .optional()
      .describe('Which ImagePolicies apply. Default: all of the namespace.'),
    update: z
      .object({
        paths: z
          .array(z.string().min(1).max(1024))
          .max(256)
          .optional()
          .describe('Folders or files of the repo to look in. Default: the whole repo.'),
        strategy: z
          .enum(['Setters', 'Images'])
          .default('Setters')
          .describe(
            'Setters: only fields with a marker. Images: also unmarked image fields of a policy’s repository.',
          ),
      })
      .optional()
      .describe('Which fields are updated.'),
    groupBy: z
      .enum(['all', 'policy', 'path'])
      .optional()
      .describe(
        'What goes into one commit or pull request: everything (default), what each policy moves, or what moves at each path: an entry of update.paths, or a folder where there are none.',
      ),
    interval: duration('How often the repo is checked. Default 5m.').default('5m'),
    batchWindow: duration(
      'How long a first change waits for more, so that all are written at once. Default: it does not.',
    ).optional(),
    windows: z
      .object({
        allow: z.array(windowSchema).max(32).optional().describe('Write only inside these.'),
        deny: z.array(windowSchema).max(32).optional().describe('Never write inside these.'),
      })
      .optional()
      .describe('When commits may be made. Deny wins; scanning goes on.'),
    onRevert: z
      .enum(['SkipTag', 'Hold', 'Override'])
      .optional()
      .describe('What it means when a person reverts a change. Default SkipTag.'),
    suspend: z.boolean().default(false).describe('Stop making commits.'),
  }),
  ['git', 'sourceRef'],
);

/** `spec` of an ImageUpdateAutomation (DESIGN: resources). Flux's names where Flux has the field. */
export const imageUpdateAutomationSpecSchema = rule(baseSpecSchema, {
  // Which provider a sourceRef has shows when it is read.
  cel: "!has(self.commit) || !has(self.commit.signedBy) || !has(self.git) || self.git.provider == 'github'",
  message: 'commit.signedBy needs git.provider: github, with a GitHub App in git.secretRef',
  check: ({ commit, git }) =>
    commit?.signedBy === undefined || git === undefined || git.provider === 'github',
});

/** A whole ImageUpdateAutomation, as a file has it. */
export const imageUpdateAutomationSchema = z.object({
  metadata: metadataSchema,
  spec: imageUpdateAutomationSpecSchema,
});

/** A parsed, defaulted ImageUpdateAutomation spec. */
export type ImageUpdateAutomationSpec = z.output<typeof imageUpdateAutomationSpecSchema>;

/** `Setters`: marked fields only. `Images`: also unmarked image fields of a policy's repository. */
export type UpdateStrategy = NonNullable<ImageUpdateAutomationSpec['update']>['strategy'];

/** An ImageUpdateAutomation: which repo, how to write. */
export interface ImageUpdateAutomation {
  readonly kind: 'ImageUpdateAutomation';
  readonly metadata: ObjectMeta;
  readonly spec: ImageUpdateAutomationSpec;
}
