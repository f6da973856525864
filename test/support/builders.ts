import type { z } from 'zod';
import { imagePolicySpecSchema, type ImagePolicy } from '../../src/api/image-policy.ts';
import { imageReceiverSpecSchema, type ImageReceiver } from '../../src/api/image-receiver.ts';
import {
  imageUpdateAutomationSpecSchema,
  type ImageUpdateAutomation,
} from '../../src/api/image-update-automation.ts';
import { parseImageReference } from '../../src/domain/image-reference.ts';
import type { ImageField, Lock } from '../../src/domain/manifest/image-field.ts';
import type { ImageSlot } from '../../src/domain/plan/image-slot.ts';
import type { Choice, PolicyView } from '../../src/domain/plan/policy-view.ts';
import { createSelector } from '../../src/domain/selection/create-selector.ts';

/** A digest made of one hex digit. */
export function digest(hexDigit: string): string {
  return `sha256:${hexDigit.repeat(64)}`;
}

/** The ImagePolicy `apps/podinfo`, or another, with defaults applied as from a file. */
export function policy(
  spec: Partial<z.input<typeof imagePolicySpecSchema>> = {},
  key = 'apps/podinfo',
): ImagePolicy {
  return {
    kind: 'ImagePolicy',
    metadata: metadata(key),
    spec: imagePolicySpecSchema.parse({
      image: 'ghcr.io/stefanprodan/podinfo',
      policy: { semver: { range: '>=0.0.0' } },
      ...spec,
    }),
  };
}

/** The ImageUpdateAutomation `apps/update`, or another, with defaults applied as from a file. */
export function automation(
  spec: Partial<z.input<typeof imageUpdateAutomationSpecSchema>> = {},
  key = 'apps/update',
): ImageUpdateAutomation {
  return {
    kind: 'ImageUpdateAutomation',
    metadata: metadata(key),
    spec: imageUpdateAutomationSpecSchema.parse({
      git: { url: 'https://git.example.com/config.git' },
      ...spec,
    }),
  };
}

/** The ImageReceiver `apps/hub`, or another, with defaults applied as from a file. */
export function receiver(
  spec: Partial<z.input<typeof imageReceiverSpecSchema>> = {},
  key = 'apps/hub',
): ImageReceiver {
  return {
    kind: 'ImageReceiver',
    metadata: metadata(key),
    spec: imageReceiverSpecSchema.parse({
      type: 'generic',
      secretRef: { name: 'hub-token' },
      ...spec,
    }),
  };
}

function metadata(key: string) {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name, labels: {} };
}

/** What a registry that answered has, and what is said instead where it did not. */
export interface ViewOptions {
  readonly choice?: Choice;
  readonly passedOver?: PolicyView['passedOver'];
  /** Tags that exist; undefined: not known. */
  readonly tags?: readonly string[] | undefined;
  readonly digests?: Readonly<Record<string, string>>;
  /** Why tags may not be written although locks name them. */
  readonly refusals?: Readonly<Record<string, string>>;
  readonly signedBy?: string;
}

/** A policy with what its registry said; the choice is made from the tags where none is given. */
export function view(of: ImagePolicy, options: ViewOptions = {}): PolicyView {
  const { tags, digests = {} } = options;
  const selector = createSelector(of.spec);
  const choose = (): Choice => {
    const selection = selector.select(tags ?? []);
    if (selection.kind === 'none') return { kind: 'none', message: selection.message };
    const found = digests[selection.tag];
    return { ...selection, ...(found === undefined ? {} : { digest: found }) };
  };
  return {
    policy: of,
    selector,
    choice: options.choice ?? choose(),
    passedOver: options.passedOver ?? [],
    hasTag: (tag) => tags?.includes(tag),
    digestOf: (tag) => digests[tag],
    refusalOf: (tag) => options.refusals?.[tag],
    ...(options.signedBy === undefined ? {} : { signedBy: options.signedBy }),
  };
}

/** A field with the whole reference `text`, marked for `apps/podinfo` unless told otherwise. */
export function field(text: string, over: Partial<ImageField> = {}): ImageField {
  const part = over.part ?? 'reference';
  return {
    at: { path: 'app.yaml', line: 3, column: 10 },
    document: 0,
    keyPath: part === 'reference' ? ['image'] : ['image', part],
    part,
    value: text,
    current: currentOf(part, text),
    separateDigest: false,
    marker: 'apps/podinfo',
    locks: [],
    span: { start: 0, end: text.length },
    ...over,
  };
}

function currentOf(part: ImageField['part'], text: string): ImageField['current'] {
  if (text === '') return {};
  return part === 'reference' ? (parseImageReference(text) ?? {}) : { [part]: text };
}

/** The same field without its marker: what the `Images` strategy finds. */
export function unmarked(marked: ImageField): ImageField {
  const { marker: _, ...rest } = marked;
  return rest;
}

/** A lock on the workload unless told otherwise. */
export function lock(over: Partial<Lock> = {}): Lock {
  return { scope: 'workload', at: { path: 'app.yaml', line: 1, column: 1 }, ...over };
}

/** A slot of the policy `apps/podinfo`. */
export function slot(...fields: readonly [ImageField, ...ImageField[]]): ImageSlot {
  return { policy: 'apps/podinfo', fields: [...fields] };
}
