import { describe, expect, it } from 'vitest';
import { RepositoryScans } from '../../../src/app/scan/repository-scans.ts';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import { policy } from '../../support/builders.ts';
import { memoryPorts, never } from '../../support/memory-ports.ts';
import { PODINFO } from '../../support/texts.ts';

type Spec = Parameters<typeof policy>[0];

const TAGS = Array.from({ length: 40 }, (_, minor) => `1.${minor}.0`);
const SHORT = TAGS.slice(0, 15);

function scanning(tags: readonly string[]) {
  const ports = memoryPorts({ repositories: { [PODINFO]: tags } });
  let scans = new RepositoryScans(ports);
  let views = viewsOver(ports, scans);
  return {
    ports,
    choice: async (spec: Spec = {}) =>
      (await views.look(policy(spec), new Set(), never)).view.choice,
    list: (list: readonly string[]) => (ports.registry.repositories = { [PODINFO]: list }),
    pass: (seconds: number) => ports.clock.advance(seconds * 1_000),
    dueInS: () => (scans.nextDue(policy()).getTime() - ports.clock.now().getTime()) / 1_000,
    restart: () => {
      scans = new RepositoryScans(ports);
      views = viewsOver(ports, scans);
    },
  };
}

const NEWEST = { kind: 'selected', tag: '1.39.0' };
const UNCONFIRMED = { kind: 'blocked', reason: 'Unconfirmed' };

describe('a tag list that shrinks sharply', () => {
  it('is not acted upon until a second scan, soon after, confirms it', async () => {
    const { choice, list, pass, dueInS } = scanning(TAGS);
    expect(await choice()).toEqual(NEWEST);
    list(SHORT);
    await pass(300);
    expect(await choice()).toMatchObject({
      ...UNCONFIRMED,
      message: expect.stringMatching(/^the list of tags fell from 40 to 15; /) as string,
    });
    expect(dueInS()).toBe(30);
    await pass(30);
    expect(await choice()).toEqual({ kind: 'selected', tag: '1.14.0' });
    expect(dueInS()).toBe(300);
  });

  it('is forgotten when the list is whole again', async () => {
    const { choice, list, pass } = scanning(TAGS);
    await choice();
    list(SHORT);
    await pass(300);
    expect(await choice()).toMatchObject(UNCONFIRMED);
    list([...TAGS, '1.40.0']);
    await pass(30);
    expect(await choice()).toEqual({ kind: 'selected', tag: '1.40.0' });
  });

  it('is not believed while each scan gives another part of it', async () => {
    const { choice, list, pass } = scanning(TAGS);
    await choice();
    await pass(300);
    for (const length of [15, 12, 8]) {
      list(TAGS.slice(0, length));
      expect(await choice()).toMatchObject(UNCONFIRMED);
      await pass(30);
    }
  });

  it('is held against what was seen before a restart, and confirmed after another', async () => {
    const { choice, list, pass, restart } = scanning(TAGS);
    await choice();
    list(SHORT);
    restart();
    expect(await choice()).toMatchObject(UNCONFIRMED);
    restart();
    expect(await choice()).toMatchObject(UNCONFIRMED);
    await pass(30);
    restart();
    expect(await choice()).toEqual({ kind: 'selected', tag: '1.14.0' });
  });
});

describe('a choice that is older than the one before', () => {
  it('has to be confirmed although the list is almost as long', async () => {
    const { choice, list, pass } = scanning(['1.0.0', '1.1.0']);
    expect(await choice()).toMatchObject({ tag: '1.1.0' });
    list(['1.0.0']);
    await pass(300);
    expect(await choice()).toMatchObject(UNCONFIRMED);
    await pass(30);
    expect(await choice()).toEqual({ kind: 'selected', tag: '1.0.0' });
  });

  it.each(['while it runs', 'while it does not'])(
    'is no surprise where the rules were changed %s',
    async (when) => {
      const { choice, restart } = scanning(TAGS);
      await choice();
      if (when === 'while it does not') restart();
      const older = { policy: { semver: { range: '<1.20.0' } } };
      expect(await choice(older)).toEqual({ kind: 'selected', tag: '1.19.0' });
    },
  );
});
