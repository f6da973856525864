import { describe, expect, it } from 'vitest';
import type { RegistryEvent } from '../../../src/adapters/registry/events.ts';
import { loopbackClient } from '../../support/registry/client.ts';

/** A registry that warns so, and what is told of it over three lists. */
async function toldOf(warning: string | readonly string[]): Promise<readonly string[]> {
  const told: RegistryEvent[] = [];
  const { listTags, server } = await loopbackClient(
    () => ({ headers: { warning }, body: { tags: ['1.0'] } }),
    { onEvent: (event) => told.push(event) },
  );
  for (let count = 0; count < 3; count += 1) await listTags();
  return told.flatMap((event) => {
    if (event.kind !== 'warning') return [];
    expect(event.repository).toBe(`${server.host}/team/app`);
    return [event.text];
  });
}

describe('a warning of a registry', () => {
  it.each([
    { name: 'is told once', warning: '299 - "use the new host"', want: ['use the new host'] },
    {
      name: 'may stand beside others, in one header or several',
      warning: ['299 - "one", 299 proxy "two"', '299 - "three"'],
      want: ['one', 'two', 'three'],
    },
    { name: 'is unquoted', warning: String.raw`299 - "say \"x\""`, want: ['say "x"'] },
    { name: 'of another kind is passed over', warning: '110 - "stale"', want: [] },
    { name: 'in rubbish is none', warning: '299 -', want: [] },
    {
      name: 'is one line of a bounded length',
      warning: `299 - "a\tb ${'x'.repeat(1_000)}"`,
      want: [`a b ${'x'.repeat(245)}…`],
    },
  ])('$name', async ({ warning, want }) => {
    expect(await toldOf(warning)).toEqual(want);
  });
});
