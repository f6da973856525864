import { describe, expect, it } from 'vitest';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import { RepositoryScans } from '../../../src/app/scan/repository-scans.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { digest, policy } from '../../support/builders.ts';
import { memoryPorts, never, type World } from '../../support/memory-ports.ts';
import { PODINFO } from '../../support/texts.ts';

const TAGS = { '6.1.0': digest('1'), '6.2.0': digest('2') };
const REPOSITORIES = { [PODINFO]: TAGS };
const DOWN = new AppError('registry/unreachable', 'down', { retry: true });

function scanning(world: World = { repositories: REPOSITORIES }) {
  const ports = memoryPorts(world);
  const scans = new RepositoryScans(ports);
  return {
    ports,
    scans,
    views: viewsOver(ports, scans),
    calls: () => ports.registry.calls.splice(0),
    scan: (of = policy()) => scans.scan(of, never),
    /** Time from now until the policy is due. */
    dueInMs: (of = policy()) => scans.nextDue(of).getTime() - ports.clock.now().getTime(),
  };
}

describe('a scan', () => {
  it('is kept until the policy’s interval is over', async () => {
    const { scan, calls, ports, dueInMs } = scanning();
    expect(dueInMs()).toBe(0);
    const first = await scan();
    expect(first).toMatchObject({ tags: new Set(['6.1.0', '6.2.0']) });
    expect(dueInMs()).toBe(300_000);
    await ports.clock.advance(299_999);
    expect(await scan()).toBe(first);
    expect(calls()).toHaveLength(1);
    await ports.clock.advance(1);
    expect(await scan()).not.toBe(first);
    expect(calls()).toHaveLength(1);
  });

  it('is shared by policies that ask at the same time', async () => {
    const { scan, calls } = scanning();
    const [a, b] = await Promise.all([scan(policy({}, 'a/a')), scan(policy({}, 'b/b'))]);
    expect(a).toBe(b);
    expect(calls()).toEqual([`list ${PODINFO}`]);
  });

  it('is due at once after it was forgotten, and a scan under way by then counts no more', async () => {
    const { scan, scans, calls, ports, dueInMs } = scanning();
    const early = scan();
    scans.forget(policy());
    ports.registry.repositories = { [PODINFO]: ['7.0.0'] };
    const late = scan();
    expect(await early).not.toBe(await late);
    expect(await scan()).toBe(await late);
    expect(calls()).toHaveLength(2);
    scans.forget(policy());
    expect(dueInMs()).toBe(0);
  });

  it('is not shared by policies that log in otherwise', async () => {
    const login = { '.dockerconfigjson': '{}' };
    const { scan, ports } = scanning({
      repositories: REPOSITORIES,
      secrets: { 'a/login': login, 'b/login': login },
    });
    const secretRef = { name: 'login' };
    await scan(policy({ secretRef }, 'a/one'));
    await scan(policy({ secretRef }, 'a/two'));
    await scan(policy({ secretRef }, 'b/one'));
    await scan(policy({ insecure: true }, 'a/one'));
    expect(ports.registry.access).toMatchObject([
      { dockerConfigs: [{ json: '{}' }], insecure: false },
      { dockerConfigs: [{ json: '{}' }], insecure: false },
      { insecure: true },
    ]);
  });

  it('may follow a schedule instead of an interval', async () => {
    const daily = policy({ schedule: { cron: '0 6 * * *', timeZone: 'Europe/Berlin' } });
    const { scan, scans } = scanning();
    await scan(daily);
    expect(scans.nextDue(daily)).toEqual(new Date('2026-06-02T04:00:00Z'));
  });

  it('that failed is repeated sooner, less and less often, but never later than planned', async () => {
    const daily = policy({ schedule: { cron: '0 6 * * *' } });
    const { scan, ports, dueInMs } = scanning({ repositories: { [PODINFO]: DOWN } });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      expect(await scan(daily)).toMatchObject({ error: { message: 'down' } });
      waits.push(dueInMs(daily));
      await ports.clock.advance(dueInMs(daily));
    }
    expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    await scan(daily);
    expect(dueInMs(policy({ interval: '10s' }))).toBe(10_000);
    ports.registry.repositories = REPOSITORIES;
    await ports.clock.advance(300_000);
    await scan(daily);
    expect(dueInMs(daily)).toBeGreaterThan(3_600_000);
  });

  it('is not repeated before the registry said', async () => {
    const limited = new AppError('registry/rate-limited', 'slow down', { afterMs: 900_000 });
    const { scan, dueInMs } = scanning({ repositories: { [PODINFO]: limited } });
    await scan();
    expect(dueInMs()).toBe(900_000);
  });

  it('fails where a Secret is missing, and names it', async () => {
    const answer = await scanning().scan(policy({ secretRef: { name: 'login' } }));
    expect(answer).toMatchObject({
      error: { code: 'secret/not-found', message: 'there is no Secret apps/login' },
    });
  });

  it('that was cancelled is no answer', async () => {
    const cancelled = new AppError('cancelled', 'stopped');
    const { scan, dueInMs } = scanning({ repositories: { [PODINFO]: cancelled } });
    await expect(scan()).rejects.toBe(cancelled);
    expect(dueInMs()).toBe(0);
  });
});

describe('what a policy says', () => {
  const viewOf = async (
    of: ReturnType<typeof policy>,
    { locked = [] }: { readonly locked?: readonly string[] } = {},
  ) => {
    const given = scanning();
    const views = await given.views.get([of], new Map([['apps/podinfo', new Set(locked)]]), never);
    return { view: views.get('apps/podinfo'), calls: given.calls() };
  };

  it('is its choice, and which tags there are', async () => {
    const { view, calls } = await viewOf(policy());
    expect(view?.choice).toEqual({ kind: 'selected', tag: '6.2.0' });
    expect([view?.hasTag('6.1.0'), view?.hasTag('9.9.9')]).toEqual([true, false]);
    expect(view?.digestOf('6.2.0')).toBeUndefined();
    expect(calls).toEqual([`list ${PODINFO}`]);
  });

  it('is chosen anew when the rules or the tags change', async () => {
    const { views, ports, calls } = scanning();
    const choice = async (of = policy()) =>
      (await views.get([of], new Map(), never)).get('apps/podinfo')?.choice;
    const older = policy({ policy: { semver: { range: '6.1.x' } } });
    expect(await choice(older)).toEqual({ kind: 'selected', tag: '6.1.0' });
    expect(await choice()).toEqual({ kind: 'selected', tag: '6.2.0' });
    ports.registry.repositories = { [PODINFO]: [...Object.keys(TAGS), '6.3.0'] };
    await ports.clock.advance(3_600_000);
    expect(await choice()).toEqual({ kind: 'selected', tag: '6.3.0' });
    expect(calls()).toHaveLength(2);
  });

  it.each(['IfNotPresent', 'Always'] as const)(
    'with digests (%s) has those of the choice and of locked tags',
    async (digestReflectionPolicy) => {
      const { view, calls } = await viewOf(policy({ digestReflectionPolicy }), {
        locked: ['6.1.0', 'gone'],
      });
      expect(view?.choice).toEqual({ kind: 'selected', tag: '6.2.0', digest: TAGS['6.2.0'] });
      expect(view?.digestOf('6.1.0')).toBe(TAGS['6.1.0']);
      expect(view?.digestOf('gone')).toBeUndefined();
      expect(calls).toHaveLength(4);
    },
  );

  it('asks for a digest once, however many policies want it', async () => {
    const { views, calls } = scanning();
    const always = { digestReflectionPolicy: 'Always' } as const;
    const policies = [policy(always, 'a/a'), policy(always, 'b/b')];
    await views.get(policies, new Map(), never);
    await views.get(policies, new Map(), never);
    expect(calls()).toEqual([`list ${PODINFO}`, `digest ${PODINFO}:6.2.0`]);
  });

  it('about one mutable tag needs no list', async () => {
    const following = policy({ policy: { digest: { tag: '6.1.0' } } });
    const { view, calls } = await viewOf(following, { locked: ['6.2.0', 'gone'] });
    expect(view?.choice).toEqual({ kind: 'selected', tag: '6.1.0', digest: TAGS['6.1.0'] });
    expect([view?.hasTag('6.2.0'), view?.hasTag('gone'), view?.hasTag('5')]).toEqual([
      true,
      false,
      undefined,
    ]);
    expect(calls.filter((call) => call.startsWith('list'))).toEqual([]);
  });

  it.each([
    { name: 'no allowed tag', spec: { policy: { semver: { range: '7.x' } } }, kind: 'none' },
    {
      name: 'a followed tag that is gone',
      spec: { policy: { digest: { tag: 'x' } } },
      kind: 'none',
    },
    { name: 'a suspended policy', spec: { suspend: true }, kind: 'suspended' },
    { name: 'a repository that is not there', spec: { image: 'nginx' }, kind: 'failed' },
    {
      name: 'a followed tag of a repository that is not there',
      spec: { image: 'nginx', policy: { digest: { tag: 'x' } } },
      kind: 'failed',
    },
  ])('of $name is "$kind"', async ({ spec, kind }) => {
    const { view } = await viewOf(policy(spec));
    expect(view?.choice.kind).toBe(kind);
  });

  it('is a failure when the list came but a digest did not', async () => {
    const given = scanning();
    await given.scan();
    given.ports.registry.repositories = { [PODINFO]: DOWN };
    const of = policy({ digestReflectionPolicy: 'Always' });
    const views = await given.views.get([of], new Map(), never);
    expect(views.get('apps/podinfo')?.choice).toEqual({ kind: 'failed', message: 'down' });
    expect(views.get('apps/podinfo')?.hasTag('6.1.0')).toBeUndefined();
  });

  it('follows the rules as they are now', async () => {
    const { views } = scanning();
    const choice = async (range: string) => {
      const of = policy({ policy: { semver: { range } } });
      return (await views.get([of], new Map(), never)).get('apps/podinfo')?.choice;
    };
    expect(await choice('*')).toMatchObject({ tag: '6.2.0' });
    expect(await choice('6.1.x')).toMatchObject({ tag: '6.1.0' });
  });
});
