import { describe, expect, it } from 'vitest';
import { RepositoryScans } from '../../../src/app/scan/repository-scans.ts';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import { policy } from '../../support/builders.ts';
import { memoryPorts, never, type MemoryRegistry } from '../../support/memory-ports.ts';
import { PODINFO } from '../../support/texts.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

type Spec = Parameters<typeof policy>[0];

const digestOf = (text: string) => `sha256:${Buffer.from(text).toString('hex').padEnd(64, '0')}`;

/** Gives the registry a plain image of a build time. @returns its digest */
function image(registry: MemoryRegistry, name: string, created: string | undefined): string {
  const [digest, config] = [digestOf(name), digestOf(`c ${name}`)];
  registry.manifests.set(digest, { kind: 'image', digest, annotations: {}, config });
  registry.configs.set(config, { labels: {}, ...(created === undefined ? {} : { created }) });
  return digest;
}

function building(times: Readonly<Record<string, string | undefined>>, spec: Spec = {}) {
  const ports = memoryPorts();
  const { registry, clock } = ports;
  const has = (of: Readonly<Record<string, string | undefined>>) => {
    const tags = Object.entries(of).map(([tag, created]) => [
      tag,
      image(registry, `${tag} ${created}`, created),
    ]);
    registry.repositories = { [PODINFO]: Object.fromEntries(tags) as Record<string, string> };
  };
  has(times);
  const start = () => viewsOver(ports, new RepositoryScans(ports));
  let views = start();
  const look = async () => {
    const of = policy({ policy: { newest: {} }, ...spec });
    return (await views.look(of, new Set(), never)).view;
  };
  return {
    registry,
    clock,
    has,
    look,
    choice: async () => (await look()).choice,
    calls: () => registry.calls.splice(0),
    nextScan: () => clock.advance(5 * MINUTE),
    restart: () => (views = start()),
  };
}

const at = (day: number) => `2026-05-${String(day).padStart(2, '0')}T00:00:00Z`;

describe('policy.newest', () => {
  it('chooses the image that was built last, whatever its tag', async () => {
    const { look } = building({ zebra: at(1), aardvark: at(3), middle: at(2) });
    const { choice, selector } = await look();
    expect(choice).toEqual({ kind: 'selected', tag: 'aardvark' });
    expect(selector.compare('zebra', 'middle')).toBeLessThan(0);
  });

  it('asks about a thousand tags by two requests each, few at a time, and then about new ones only', async () => {
    const tags = Array.from({ length: 1_000 }, (_, n) => [`b${n}`, at(1 + (n % 28))] as const);
    const times = Object.fromEntries(tags);
    const { registry, choice, calls, nextScan, has, restart } = building(times);
    let [inFlight, most] = [0, 0];
    const manifest = registry.manifest.bind(registry);
    registry.manifest = async (...call) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise((done) => setImmediate(done));
      inFlight -= 1;
      return manifest(...call);
    };
    expect(await choice()).toEqual({ kind: 'selected', tag: 'b111' });
    expect(calls()).toHaveLength(1 + 2 * 1_000);
    expect(most).toBeLessThanOrEqual(8);
    await nextScan();
    await choice();
    expect(calls()).toEqual([`list ${PODINFO}`]);
    restart();
    await choice();
    expect(calls()).toEqual([`list ${PODINFO}`]);
    has({ ...times, fresh: at(30) });
    await nextScan();
    expect(await choice()).toEqual({ kind: 'selected', tag: 'fresh' });
    expect(calls()).toHaveLength(1 + 2);
  });

  it('asks for nothing that the list tells on its own, and notices at once what was pushed again', async () => {
    const tags = Array.from({ length: 1_000 }, (_, n) => [`b${n}`, at(1 + (n % 28))] as const);
    const { registry, choice, calls, nextScan, restart } = building(Object.fromEntries(tags));
    const told = new Map(
      tags.map(([tag, time]) => [tag, { digest: digestOf(tag), createdMs: Date.parse(time) }]),
    );
    registry.told = told;
    expect(await choice()).toEqual({ kind: 'selected', tag: 'b111' });
    expect(calls()).toEqual([`list ${PODINFO}`]);
    registry.told = new Map(told).set('b5', {
      digest: digestOf('again'),
      createdMs: Date.parse(at(30)),
    });
    await nextScan();
    expect(await choice()).toEqual({ kind: 'selected', tag: 'b5' });
    restart();
    expect(await choice()).toEqual({ kind: 'selected', tag: 'b5' });
    expect(calls()).toEqual([`list ${PODINFO}`, `list ${PODINFO}`]);
  });

  it.each([
    ['none', undefined],
    ['1970', 0],
    ['the future', Date.parse('2027-01-01T00:00:00Z')],
  ])('asks the image where the list tells its digest and of the time %s', async (_, createdMs) => {
    const { registry, choice, calls } = building({ a: at(1), b: at(2) });
    registry.told = new Map([
      ['a', { digest: digestOf(`a ${at(1)}`), createdMs: Date.parse(at(1)) }],
      ['b', { digest: digestOf(`b ${at(2)}`), ...(createdMs === undefined ? {} : { createdMs }) }],
    ]);
    expect(await choice()).toEqual({ kind: 'selected', tag: 'b' });
    const digest = digestOf(`b ${at(2)}`);
    expect(calls()).toEqual([
      `list ${PODINFO}`,
      `manifest ${PODINFO}@${digest}`,
      `config ${digestOf(`c b ${at(2)}`)}`,
    ]);
  });

  it('chooses nothing when an image that the list tells no time of cannot be asked', async () => {
    const { registry, choice } = building({ a: at(1), b: at(2) });
    registry.told = new Map([
      ['a', { digest: digestOf('a'), createdMs: Date.parse(at(1)) }],
      ['b', { digest: digestOf('gone') }],
    ]);
    expect(await choice()).toMatchObject({ kind: 'failed' });
  });

  it('asks only about tags that the filter lets through', async () => {
    const filterTags = { pattern: '^main-', exclude: ['-debug$'] };
    const { choice, calls } = building(
      { 'main-1': at(1), 'main-2-debug': at(2), 'feature-3': at(3) },
      { filterTags },
    );
    expect(await choice()).toEqual({ kind: 'selected', tag: 'main-1' });
    expect(calls()).toHaveLength(3);
  });

  it('never lets an image of 1970 or from the future win', async () => {
    const { look, has, nextScan } = building({
      a: at(1),
      reproducible: '1970-01-01T00:00:00Z',
      tomorrow: '2026-06-02T00:00:00Z',
    });
    const { choice, selector } = await look();
    expect(choice).toEqual({ kind: 'selected', tag: 'a' });
    const { verdicts } = selector.explain(['a', 'reproducible', 'tomorrow']);
    expect(verdicts.map(({ verdict, reason }) => `${verdict}: ${reason}`)).toEqual([
      'selected: is the image with the latest build time',
      'rejected: names a build time before there were images',
      'rejected: names a build time that is yet to come',
    ]);
    has({ a: at(1), almost: '2026-06-01T12:09:00Z' });
    await nextScan();
    expect((await look()).choice).toEqual({ kind: 'selected', tag: 'almost' });
  });

  it('chooses nothing while the time of any tag is missing, and names the tag', async () => {
    const { choice } = building({ a: at(1), silent: undefined });
    expect(await choice()).toEqual({
      kind: 'failed',
      message: `${PODINFO}:silent does not say when it was built, so that nobody can tell which tag is the newest; leave it out with filterTags`,
    });
  });

  it('fails as a whole when a request fails, keeps what it learnt, and goes on from there', async () => {
    const { registry, choice, calls } = building({ a: at(1), b: at(2), c: at(3) });
    const configs = new Map(registry.configs);
    registry.configs.delete([...configs.keys()].at(-1) ?? '');
    expect(await choice()).toMatchObject({ kind: 'failed' });
    calls();
    for (const [digest, config] of configs) registry.configs.set(digest, config);
    expect(await choice()).toEqual({ kind: 'selected', tag: 'c' });
    expect(calls()).toHaveLength(2);
  });

  it('notices within about a day that a tag was pushed again', async () => {
    const { choice, has, clock, calls, nextScan } = building({ main: at(1), dev: at(2) });
    expect(await choice()).toMatchObject({ tag: 'dev' });
    has({ main: at(3), dev: at(2) });
    await nextScan();
    expect(await choice()).toMatchObject({ tag: 'dev' });
    await clock.advance(DAY);
    calls();
    expect(await choice()).toMatchObject({ tag: 'main' });
    // A list, a HEAD for each tag, and the new image.
    expect(calls()).toHaveLength(1 + 2 + 2);
  });

  it('notices a new push of the chosen tag at the next scan where digests are written', async () => {
    const always = { digestReflectionPolicy: 'Always' } as const;
    const { choice, has, nextScan } = building({ main: at(1), dev: at(2) }, always);
    expect(await choice()).toMatchObject({ digest: digestOf(`dev ${at(2)}`) });
    has({ main: at(1), dev: at(4) });
    await nextScan();
    expect(await choice()).toMatchObject({ tag: 'dev', digest: digestOf(`dev ${at(4)}`) });
  });

  it('does not choose an older tag when a listed one has no image', async () => {
    const { choice, registry, has, nextScan } = building({ a: at(1) });
    expect(await choice()).toMatchObject({ tag: 'a' });
    has({ a: at(1), b: at(2) });
    registry.manifests.delete(digestOf(`b ${at(2)}`));
    await nextScan();
    expect(await choice()).toMatchObject({ kind: 'failed' });
  });
});
