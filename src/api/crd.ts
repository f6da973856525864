import type { z } from 'zod';
import { imagePolicySpecSchema } from './image-policy.ts';
import { imagePolicyStatusSchema } from './image-policy-status.ts';
import { imageReceiverSpecSchema } from './image-receiver.ts';
import { imageReceiverStatusSchema } from './image-receiver-status.ts';
import { imageUpdateAutomationSpecSchema } from './image-update-automation.ts';
import { imageUpdateAutomationStatusSchema } from './image-update-automation-status.ts';
import { structuralSchema, type StructuralSchema } from './structural-schema.ts';

/** API group of our kinds. */
export const GROUP = 'lockkeeper.dev';

/** The one version of {@link GROUP} there is. */
export const VERSION = 'v1alpha1';

/** A column of `kubectl get`; those with a priority above 0 show with `-o wide` only. */
interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
}

/** An `apiextensions.k8s.io/v1` CustomResourceDefinition. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly scope: 'Namespaced';
    readonly versions: readonly CustomResourceVersion[];
  };
}

interface CustomResourceVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly subresources: { readonly status: Record<string, never> };
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
}

const readyColumn: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
  description: 'Whether the object is ready.',
};

const messageColumn: PrinterColumn = {
  name: 'Status',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  description: 'Why it is or is not.',
};

const suspendedColumn: PrinterColumn = {
  name: 'Suspended',
  type: 'boolean',
  jsonPath: '.spec.suspend',
  description: 'Whether it is suspended.',
  priority: 1,
};

const ageColumn: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the object was created.',
};

const imagePolicyKind: KindDefinition = {
  kind: 'ImagePolicy',
  plural: 'imagepolicies',
  singular: 'imagepolicy',
  shortNames: ['imgpol'],
  description: 'ImagePolicy says which image is scanned and which of its tags is chosen.',
  columns: [
    {
      name: 'Image',
      type: 'string',
      jsonPath: '.spec.image',
      description: 'The repository that is scanned.',
    },
    {
      name: 'Latest',
      type: 'string',
      jsonPath: '.status.latest.tag',
      description: 'The tag that the policy chooses.',
    },
    readyColumn,
    messageColumn,
    {
      name: 'Locked',
      type: 'string',
      jsonPath: '.status.lock.tag',
      description: 'The tag that the policy is locked at.',
      priority: 1,
    },
    suspendedColumn,
    {
      name: 'Tags since',
      type: 'date',
      jsonPath: '.status.lastScan.time',
      description: 'Time since the repository has the tags that it has.',
      priority: 1,
    },
    ageColumn,
  ],
  spec: imagePolicySpecSchema.describe('Which image, which tag.'),
  status: imagePolicyStatusSchema.describe('What the controller last found.'),
};

const imageReceiverKind: KindDefinition = {
  kind: 'ImageReceiver',
  plural: 'imagereceivers',
  singular: 'imagereceiver',
  shortNames: ['imgrcv'],
  description: 'ImageReceiver says which registry’s pushes make ImagePolicies scan at once.',
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'Who sends.' },
    readyColumn,
    messageColumn,
    {
      name: 'Path',
      type: 'string',
      jsonPath: '.status.path',
      description: 'The path that the registry sends to.',
      priority: 1,
    },
    suspendedColumn,
    ageColumn,
  ],
  spec: imageReceiverSpecSchema.describe('Who sends, and which policies scan.'),
  status: imageReceiverStatusSchema.describe('Where to send to.'),
};

const imageUpdateAutomationKind: KindDefinition = {
  kind: 'ImageUpdateAutomation',
  plural: 'imageupdateautomations',
  singular: 'imageupdateautomation',
  shortNames: ['iua'],
  description:
    'ImageUpdateAutomation says which Git repo is kept up to date and how it is written to.',
  columns: [
    {
      name: 'Repo',
      type: 'string',
      jsonPath: '.spec.git.url',
      description: 'The config repo.',
    },
    {
      name: 'Last push',
      type: 'date',
      jsonPath: '.status.lastPush.time',
      description: 'Time since the last push.',
    },
    readyColumn,
    { ...messageColumn, priority: 1 },
    {
      name: 'Branch',
      type: 'string',
      jsonPath: '.spec.git.branch',
      description: 'The branch of the config repo.',
      priority: 1,
    },
    {
      name: 'Commit',
      type: 'string',
      jsonPath: '.status.lastPush.commit',
      description: 'The last commit that was pushed.',
      priority: 1,
    },
    {
      name: 'Pull request',
      type: 'string',
      jsonPath: '.status.lastPush.pullRequest',
      description: 'The pull request of that commit.',
      priority: 1,
    },
    suspendedColumn,
    ageColumn,
  ],
  spec: imageUpdateAutomationSpecSchema.describe('Which repo, how to write.'),
  status: imageUpdateAutomationStatusSchema.describe('What the controller last did.'),
};

/** The CustomResourceDefinitions of our kinds, in the order of their names. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return [imagePolicyKind, imageReceiverKind, imageUpdateAutomationKind].map(
    customResourceDefinition,
  );
}

function customResourceDefinition(definition: KindDefinition): CustomResourceDefinition {
  const { kind, plural, singular, shortNames } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames,
        categories: ['lockkeeper'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: definition.columns,
          schema: { openAPIV3Schema: rootSchema(definition) },
        },
      ],
    },
  };
}

function rootSchema(definition: KindDefinition): StructuralSchema {
  return {
    description: definition.description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: {
        description: `Version of the schema of this object: ${GROUP}/${VERSION}.`,
        type: 'string',
      },
      kind: { description: `Kind of this object: ${definition.kind}.`, type: 'string' },
      metadata: { type: 'object' },
      spec: structuralSchema(definition.spec),
      status: structuralSchema(definition.status),
    },
  };
}
