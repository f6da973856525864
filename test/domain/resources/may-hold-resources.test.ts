import { expect, it } from 'vitest';
import { mayHoldResources } from '../../../src/domain/resources/may-hold-resources.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

it.each([
  'apiVersion: lockkeeper.dev/v1alpha1\n',
  'lockkeeper.dev',
  'kklockkeeper.dev',
  'lockkeeper.de lockkeeper.dev/v1',
  '\uFEFF{"apiVersion":"lockkeeper.dev/v1alpha1"}',
])('%j may hold resources', (text) => {
  expect(mayHoldResources(bytes(text))).toBe(true);
});

it.each(['', 'k', 'lockkeeper.de', 'lockkeeper dev', 'ockkeeper.dev', 'image: nginx # kkk'])(
  '%j holds none',
  (text) => {
    expect(mayHoldResources(bytes(text))).toBe(false);
  },
);
