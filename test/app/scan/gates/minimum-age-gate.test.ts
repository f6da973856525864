import { describe, expect, it } from 'vitest';
import { RepositoryScans } from '../../../../src/app/scan/repository-scans.ts';
import { viewsOver } from '../../../../src/app/scan/recorded-memories.ts';
import { AppError } from '../../../../src/domain/errors.ts';
import { digest, policy } from '../../../support/builders.ts';
import { memoryPorts, never, type Repositories } from '../../../support/memory-ports.ts';
import { PODINFO } from '../../../support/texts.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Spec = Parameters<typeof policy>[0];

function cooling(repositories: Repositories, spec: Spec = {}) {
  const ports = memoryPorts({ repositories });
  const start = () => viewsOver(ports, new RepositoryScans(ports));
  let views = start();
  const look = async () => {
    const of = policy({ minimumAge: '24h', ...spec });
    return (await views.look(of, new Set(), never)).view;
  };
  return {
    ports,
    look,
    choice: async () => (await look()).choice,
    calls: () => ports.registry.calls.splice(0),
    restart: () => (views = start()),
    /** The registry as it is from now on, seen with the next scan. */
    push: (tags: Repositories[string]) => {
      ports.registry.repositories = { [PODINFO]: tags };
      return ports.clock.advance(5 * 60_000);
    },
    pass: (ms: number) => ports.clock.advance(ms),
  };
}

const OLD = { '6.1.0': digest('1'), '6.2.0': digest('2') };
const NEW = { ...OLD, '6.3.0': digest('3') };

describe('minimumAge', () => {
  it('takes the tags of the first look for aged, and asks for no digest', async () => {
    const { choice, calls } = cooling({ [PODINFO]: OLD });
    expect(await choice()).toEqual({ kind: 'selected', tag: '6.2.0' });
    expect(calls()).toEqual([`list ${PODINFO}`]);
  });

  it('lets a new tag wait from its first sight on, and chooses the one before meanwhile', async () => {
    const { choice, look, push, pass, calls } = cooling({ [PODINFO]: OLD });
    await choice();
    await push(NEW);
    calls();
    const { choice: meanwhile, passedOver } = await look();
    expect(meanwhile).toEqual({ kind: 'selected', tag: '6.2.0' });
    expect(passedOver).toMatchObject([
      { tag: '6.3.0', verdict: { eligibleAt: new Date('2026-06-02T12:05:00Z') } },
    ]);
    expect(calls()).toEqual([`list ${PODINFO}`, `digest ${PODINFO}:6.3.0`]);
    await pass(DAY - 1);
    expect(await choice()).toEqual({ kind: 'selected', tag: '6.2.0' });
    await pass(1);
    expect(await choice()).toEqual({ kind: 'selected', tag: '6.3.0' });
  });

  it('begins anew when the tag is pushed again', async () => {
    const { choice, push, pass } = cooling({ [PODINFO]: OLD });
    await choice();
    await push(NEW);
    await choice();
    await pass(23 * HOUR);
    await push({ ...NEW, '6.3.0': digest('4') });
    await choice();
    await pass(2 * HOUR);
    expect(await choice()).toMatchObject({ tag: '6.2.0' });
    await pass(22 * HOUR);
    expect(await choice()).toMatchObject({ tag: '6.3.0' });
  });

  it.each(['with the same tags', 'with a further tag'])(
    'goes on after a restart %s',
    async (how) => {
      const { choice, push, pass, restart } = cooling({ [PODINFO]: OLD });
      await choice();
      await push(NEW);
      await choice();
      await pass(23 * HOUR);
      restart();
      if (how === 'with a further tag') await push({ ...NEW, '6.4.0': digest('4') });
      expect(await choice()).toMatchObject({ tag: '6.2.0' });
      await pass(HOUR);
      expect(await choice()).toMatchObject({ tag: '6.3.0' });
    },
  );

  it('knows after a restart that a tag came while nobody looked', async () => {
    const { choice, push, pass, restart } = cooling({ [PODINFO]: OLD });
    await choice();
    restart();
    await push(NEW);
    await pass(2 * DAY);
    expect(await choice()).toMatchObject({ tag: '6.2.0' });
    await pass(DAY);
    expect(await choice()).toMatchObject({ tag: '6.3.0' });
  });

  it('passes over any number of young tags to one that is old enough', async () => {
    const builds = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`7.0.${n}`, digest('7')]));
    const { choice, push, pass, calls } = cooling({ [PODINFO]: OLD });
    await choice();
    await push({ ...OLD, '7.0.0': digest('7') });
    await choice();
    await pass(23 * HOUR);
    await push({ ...OLD, ...builds(60) });
    calls();
    expect(await choice()).toMatchObject({ tag: '6.2.0' });
    // The newest young ones are watched; all others wait by what the list says.
    expect(calls()).toHaveLength(21);
    await pass(HOUR);
    expect(await choice()).toMatchObject({ tag: '7.0.0' });
  });

  it('blocks where every tag waits, and stays blocked when the registry fails', async () => {
    const { choice, push, ports } = cooling({ [PODINFO]: {} });
    expect(await choice()).toMatchObject({ kind: 'none' });
    await push({ '6.3.0': digest('3') });
    expect(await choice()).toEqual({
      kind: 'blocked',
      reason: 'MinimumAge',
      message: '6.3.0 waits for minimumAge until 2026-06-02T12:05:00Z',
    });
    ports.registry.repositories = {
      [PODINFO]: new AppError('registry/unreachable', 'down', { retry: true }),
    };
    await ports.clock.advance(5 * 60_000);
    expect(await choice()).toEqual({ kind: 'failed', message: 'down' });
  });

  it('holds a new digest of the chosen tag back, and keeps the old one', async () => {
    const { choice, push, pass } = cooling(
      { [PODINFO]: OLD },
      { digestReflectionPolicy: 'Always' },
    );
    const before = { kind: 'selected', tag: '6.2.0', digest: digest('2') };
    expect(await choice()).toEqual(before);
    await push({ ...OLD, '6.2.0': digest('5') });
    expect(await choice()).toEqual(before);
    await pass(DAY);
    expect(await choice()).toEqual({ ...before, digest: digest('5') });
  });

  it('holds for one mutable tag that is followed, too', async () => {
    const follow = { policy: { digest: { tag: 'stable' } } };
    const { choice, push, pass, restart } = cooling({ [PODINFO]: { stable: digest('1') } }, follow);
    expect(await choice()).toMatchObject({ digest: digest('1') });
    await push({ stable: digest('2') });
    expect(await choice()).toMatchObject({ digest: digest('1') });
    restart();
    await pass(DAY - 1);
    expect(await choice()).toMatchObject({ digest: digest('1') });
    await pass(1);
    expect(await choice()).toMatchObject({ digest: digest('2') });
  });

  it('fails when a tag is listed that has no image, rather than choosing an older one', async () => {
    const { choice, push } = cooling({ [PODINFO]: OLD });
    await choice();
    await push(['6.1.0', '6.2.0', '6.3.0']);
    expect(await choice()).toMatchObject({ kind: 'failed' });
  });
});
