import { describe, expect, it, vi } from 'vitest';
import { digest } from '../../support/builders.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';
import { at, HOUR, MINUTE, promoting } from './promoting.ts';

describe('an update in CI, which remembers nothing', () => {
  it('promotes what the other path has held for the soak, by the times of its commits', async () => {
    const { run, tags, clock } = promoting();
    const first = await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    expect(first.prod).toBe('UpToDate: holds 6.1.0, the newest that the policy allows');
    await clock.advance(HOUR - 1);
    const second = await run();
    expect(second.commits).toEqual([]);
    expect(second.pass.nextChange).toEqual(new Date('2026-06-02T13:00:00Z'));
    expect(second.pass.views.get('apps/prod')?.passedOver).toMatchObject([
      {
        tag: '6.2.0',
        verdict: {
          reason: 'Soaking',
          message:
            'soaks in apps/staging until 2026-06-02T13:00:00Z; all its locations hold it since 2026-06-02T12:00:00Z',
        },
      },
    ]);
    await clock.advance(1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('promotes the newest that has soaked, though staging has moved on since', async () => {
    const { run, tags, clock, repositories } = promoting();
    await run();
    await clock.advance(2 * HOUR);
    repositories[PODINFO] = ['6.1.0', '6.2.0', '6.3.0'];
    // The first step of one run is the last word of the next: what staging gets now soaks from now.
    await run();
    await clock.advance(10 * MINUTE);
    await run();
    expect(tags()).toEqual(['6.3.0', '6.2.0']);
  });

  it('promotes nothing that was taken back, and goes back nowhere', async () => {
    const { run, tags, clock, person } = promoting({ staging: ['suspend: true'] });
    person({ 'staging/web.yaml': at('staging', '6.2.0') });
    await clock.advance(2 * HOUR);
    person({ 'staging/web.yaml': at('staging', '6.1.0') });
    await clock.advance(30 * MINUTE);
    const { prod, pass, report } = await run();
    expect(report.policies[0]?.heldBack).toEqual([
      {
        tag: '6.2.0',
        reason: 'NotPromoted',
        message: 'was taken back in apps/staging at 2026-06-02T14:00:00Z',
      },
    ]);
    expect(tags()).toEqual(['6.1.0', '6.1.0']);
    expect(prod).toMatch(/^Soaking: 6\.1\.0 soaks in apps\/staging until 2026-06-02T15:00:00Z/);
    expect(pass.views.get('apps/prod')?.passedOver).toMatchObject([
      {
        tag: '6.2.0',
        verdict: {
          kind: 'closed',
          reason: 'NotPromoted',
          message: 'was taken back in apps/staging at 2026-06-02T14:00:00Z',
        },
      },
      { tag: '6.1.0', verdict: { kind: 'waiting', reason: 'Soaking' } },
    ]);
  });

  it('leaves prod alone where it holds what was taken back', async () => {
    const { run, tags, clock, person } = promoting({ staging: ['suspend: true'] });
    person({ 'staging/web.yaml': at('staging', '6.2.0'), 'prod/web.yaml': at('prod', '6.2.0') });
    await clock.advance(2 * HOUR);
    person({ 'staging/web.yaml': at('staging', '6.1.0') });
    await clock.advance(2 * HOUR);
    expect((await run()).prod).toMatch(/^Downgrade: holds 6.2.0, which is newer than 6.1.0/);
    expect(tags()).toEqual(['6.1.0', '6.2.0']);
  });

  it('follows back where going back is allowed', async () => {
    const { run, tags, clock, person } = promoting({
      staging: ['suspend: true'],
      prod: ['allowDowngrade: true'],
    });
    person({ 'prod/web.yaml': at('prod', '6.2.0'), 'staging/web.yaml': at('staging', '6.2.0') });
    await clock.advance(2 * HOUR);
    person({ 'staging/web.yaml': at('staging', '6.1.0') });
    await clock.advance(2 * HOUR);
    await run();
    expect(tags()).toEqual(['6.1.0', '6.1.0']);
  });

  it('waits until all locations hold it', async () => {
    const { run, tags, clock, person } = promoting({
      files: { 'staging/api.yaml': at('staging', '6.1.0') },
      staging: ['suspend: true'],
    });
    person({ 'staging/web.yaml': at('staging', '6.2.0') });
    await clock.advance(2 * HOUR);
    const { pass } = await run();
    expect(pass.views.get('apps/prod')?.passedOver[0]?.verdict.message).toBe(
      'has not run in apps/staging, which holds 6.1.0 and 6.2.0',
    );
    person({ 'staging/api.yaml': at('staging', '6.2.0') });
    await clock.advance(HOUR - 1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('does not believe a commit that is older than the one that it is made on', async () => {
    const { run, tags, clock, person } = promoting({ staging: ['suspend: true'] });
    await clock.advance(HOUR);
    person({ 'notes.md': 'x' });
    person({ 'staging/web.yaml': at('staging', '6.2.0') }, new Date('2026-01-01T00:00:00Z'));
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
  });

  it.each([
    {
      name: 'a file that does not parse',
      files: { 'staging/api.yaml': `${at('staging', '6.2.0')}  broken: [` },
      says: /^NotPromoted: nobody knows what apps\/staging runs: this run: staging\/api\.yaml:\d+/,
    },
    {
      name: 'no location',
      files: { 'staging/web.yaml': 'a: 1\n' },
      says: /^NotPromoted: nobody knows what apps\/staging runs: no location of it was found, and `update` sees one repo and branch alone$/,
    },
    {
      name: 'no such policy',
      files: { 'staging.yaml': policyText('stagin'), 'staging/web.yaml': 'a: 1\n' },
      says: /^PromotionInvalid: spec\.promoteFrom\.policy: there is no ImagePolicy apps\/staging; did you mean stagin\?$/,
    },
    {
      name: 'a policy that follows in a circle',
      files: {
        'staging.yaml': policyText('staging', PODINFO, 'promoteFrom: {policy: prod}'),
      },
      says: /^PromotionInvalid: spec\.promoteFrom\.policy: promotes in a circle/,
    },
  ])('promotes nothing where there is $name', async ({ files, says }) => {
    const { run, tags, clock } = promoting({ files });
    await clock.advance(2 * HOUR);
    const { prod, report } = await run();
    expect(prod).toMatch(says);
    expect(tags()[1]).toBe('6.1.0');
    const isInvalid = prod.startsWith('PromotionInvalid');
    expect(report.findings.some(({ code }) => code === 'policy/failed')).toBe(isInvalid);
  });

  it.each([
    {
      name: 'by its name',
      selector: 'kubernetes.io/metadata.name: apps',
      want: '6.2.0',
      says: /^UpToDate/,
    },
    {
      name: 'by labels alone, which nobody knows here',
      selector: 'tenant: trusted',
      want: '6.1.0',
      says: /^NotPromoted: ImagePolicy stage\/web grants access by labels, and those of namespace apps cannot be read: without a cluster only kubernetes\.io\/metadata\.name is known; select by that label$/,
    },
    {
      name: 'for another one',
      selector: 'kubernetes.io/metadata.name: web',
      want: '6.1.0',
      says: /^PromotionInvalid: ImagePolicy stage\/web exists, but grants namespace apps no access; add that namespace to its spec\.accessFrom$/,
    },
  ])(
    'promotes from another namespace where it grants access $name',
    async ({ selector, want, says }) => {
      const grant = `accessFrom: {namespaceSelectors: [{matchLabels: {${selector}}}]}`;
      const { run, tags, clock } = promoting({
        files: {
          'staging.yaml': policyText('web', PODINFO, grant).replace('apps', 'stage'),
          'prod.yaml': policyText(
            'prod',
            PODINFO,
            'promoteFrom: {policy: web, namespace: stage, soak: 1h}',
          ),
          'staging/web.yaml': deploymentText(`${PODINFO}:6.2.0`, { marker: 'stage:web' }),
        },
      });
      await clock.advance(2 * HOUR);
      const first = await run();
      expect(tags()[1]).toBe(want);
      expect((first.commits.length > 0 ? await run() : first).prod).toMatch(says);
    },
  );

  it('reads no history beyond what it needs', async () => {
    const { run, branch, clock, person } = promoting({ staging: ['suspend: true'] });
    for (let count = 0; count < 40; count += 1) {
      person({ 'notes.md': `${count}` });
      await clock.advance(HOUR);
    }
    const changes = vi.spyOn(branch, 'changes');
    await run();
    expect(changes.mock.calls.length).toBeLessThanOrEqual(2);
  });

  it('counts a location from when it came, and no tag is older there', async () => {
    const { run, tags, clock, person } = promoting({ staging: ['suspend: true'] });
    person({ 'staging/web.yaml': at('staging', '6.2.0') });
    await clock.advance(2 * HOUR);
    person({ 'staging/api.yaml': at('staging', '6.2.0') });
    await clock.advance(HOUR - 1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('knows several locations of one file', async () => {
    const two = (first: string, second: string) =>
      `${at('staging', first)}---\n${at('staging', second)}`;
    const { run, tags, clock, person } = promoting({
      staging: ['suspend: true'],
      files: { 'staging/web.yaml': two('6.1.0', '6.1.0') },
    });
    person({ 'staging/web.yaml': two('6.1.0', '6.2.0') });
    await clock.advance(2 * HOUR);
    person({ 'staging/web.yaml': two('6.2.0', '6.2.0') });
    await clock.advance(HOUR - 1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('goes through a chain step by step', async () => {
    const { run, tags, clock, branch } = promoting({
      files: {
        'live.yaml': policyText('live', PODINFO, 'promoteFrom: {policy: prod, soak: 2h}'),
        'live/web.yaml': at('live', '6.1.0'),
      },
    });
    await run();
    await clock.advance(HOUR);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
    await clock.advance(HOUR + 59 * MINUTE);
    await run();
    expect(branch.current['live/web.yaml']).toContain(':6.1.0');
    await clock.advance(MINUTE);
    await run();
    expect(branch.current['live/web.yaml']).toContain(':6.2.0');
  });

  it('chooses what the own rules allow of what has soaked', async () => {
    const { run, tags, clock } = promoting({
      staging: ['policy: {semver: {range: ">=6.0.0-0"}}'],
      tags: ['6.1.0', '6.2.0', '6.3.0-rc.1'],
    });
    await run();
    expect(tags()).toEqual(['6.3.0-rc.1', '6.1.0']);
    await clock.advance(2 * HOUR);
    expect((await run()).prod).toMatch(
      /^NotPromoted: 6\.2\.0 has not run in apps\/staging, which holds 6\.3\.0-rc\.1 \(not allowed here\)/,
    );
    expect(tags()).toEqual(['6.3.0-rc.1', '6.1.0']);
  });

  it('finds what has soaked behind however many newer tags', async () => {
    const newer = Array.from({ length: 60 }, (_, minor) => `7.${minor}.0`);
    const { run, tags } = promoting({
      staging: ['policy: {semver: {range: 6.x}}'],
      files: { 'staging/web.yaml': at('staging', '6.2.0') },
      tags: ['6.1.0', '6.2.0', ...newer],
    });
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('promotes at once where nothing has to soak', async () => {
    const { run, tags } = promoting({
      files: { 'prod.yaml': policyText('prod', PODINFO, 'promoteFrom: {policy: staging}') },
    });
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });
});

describe('an update that remembers', () => {
  it('does not believe a commit to be older than the look that did not see it', async () => {
    const { run, tags, clock, person } = promoting({ staging: ['suspend: true'], keeps: true });
    await run();
    await clock.advance(3 * HOUR);
    await run();
    await clock.advance(10 * MINUTE);
    person({ 'staging/web.yaml': at('staging', '6.2.0') }, new Date('2026-06-02T12:10:00Z'));
    await run();
    await clock.advance(HOUR - 1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('believes a commit that was made since the last look', async () => {
    const { run, tags, clock, person } = promoting({ staging: ['suspend: true'], keeps: true });
    await run();
    await clock.advance(10 * MINUTE);
    person({ 'staging/web.yaml': at('staging', '6.2.0') });
    await clock.advance(HOUR - 1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('reads no history while nothing changes', async () => {
    const { run, log, clock } = promoting({ staging: ['suspend: true'], keeps: true });
    await run();
    log.mockClear();
    await clock.advance(HOUR);
    await run();
    expect(log).not.toHaveBeenCalled();
  });
});

describe('a digest', () => {
  const staging = ['digestReflectionPolicy: Always'];
  const tags = { '6.1.0': digest('1'), '6.2.0': digest('2') };
  const files = {
    'staging/web.yaml': at('staging', `6.1.0@${digest('1')}`),
    'prod/web.yaml': at('prod', `6.1.0@${digest('1')}`),
  };

  it.each([
    {
      name: 'that is promoted is the one that ran, whatever the tag means by now',
      there: { [digest('2')]: digest('2') },
      prod: ['digestReflectionPolicy: Always'],
      want: `6.2.0@${digest('2')}`,
    },
    {
      name: 'that is not in the repository is not promoted',
      there: {},
      prod: ['digestReflectionPolicy: Always'],
      want: `6.1.0@${digest('1')}`,
    },
    {
      name: 'does not matter where only the tag is written',
      there: {},
      prod: [],
      want: '6.2.0',
    },
  ])('$name', async ({ there, prod, want }) => {
    const stage = promoting({ files, staging, prod, tags });
    await stage.run();
    await stage.clock.advance(HOUR);
    const pushedAgain = { ...tags, '6.2.0': digest('3'), ...there };
    stage.repositories[PODINFO] = pushedAgain;
    await stage.run();
    expect(stage.tags()[1]).toBe(want);
  });
});

describe('a mutable tag', () => {
  const follow = 'policy: {digest: {tag: main}}';
  const files = {
    'staging/web.yaml': at('staging', `main@${digest('1')}`),
    'prod/web.yaml': at('prod', `main@${digest('1')}`),
  };
  const start = () =>
    promoting({
      files,
      staging: [follow],
      prod: [follow],
      // A registry knows images by their digests, too.
      tags: { main: digest('2'), [digest('1')]: digest('1'), [digest('2')]: digest('2') },
    });

  it('is promoted digest by digest, though it means another one by now', async () => {
    const { run, tags, clock, repositories } = start();
    await run();
    const [one, two] = [`main@${digest('1')}`, `main@${digest('2')}`];
    expect(tags()).toEqual([two, one]);
    await clock.advance(HOUR - 1);
    const { report, pass } = await run();
    expect(report.policies.find(({ policy }) => policy === 'apps/prod')).toMatchObject({
      latest: one,
      waiting: [
        {
          tag: 'main',
          message: `as ${digest('2')} soaks in apps/staging until 2026-06-02T13:00:00Z; all its locations hold it since 2026-06-02T12:00:00Z`,
        },
      ],
    });
    expect(pass.nextChange).toEqual(new Date('2026-06-02T13:00:00Z'));
    await clock.advance(1);
    const known = { [digest('1')]: digest('1'), [digest('2')]: digest('2') };
    repositories[PODINFO] = { ...known, main: digest('3'), [digest('3')]: digest('3') };
    await run();
    expect(tags()).toEqual([`main@${digest('3')}`, two]);
  });

  it('stays where it is when staging went back to what it was', async () => {
    const { run, tags, clock, person } = start();
    await run();
    await clock.advance(HOUR);
    await run();
    const [one, two] = [`main@${digest('1')}`, `main@${digest('2')}`];
    expect(tags()).toEqual([two, two]);
    person({ 'staging/web.yaml': at('staging', one).replace('"}', '", "lock": true}') });
    await clock.advance(30 * MINUTE);
    expect((await run()).prod).toMatch(/^NotPromoted: main was taken back in apps\/staging at /);
    expect(tags()).toEqual([one, two]);
  });
});

describe('the newest image', () => {
  it('is promoted when it has soaked', async () => {
    const newest = 'policy: {newest: {}}';
    const { run, tags, clock, times } = promoting({ staging: [newest], prod: [newest] });
    times({ '6.1.0': '2026-01-01T00:00:00Z', '6.2.0': '2026-02-01T00:00:00Z' });
    await run();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(HOUR);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });
});

describe('an automation', () => {
  it('that is suspended sees nothing', async () => {
    const { run, clock } = promoting({
      files: { 'automation.yaml': automationText('update', 'suspend: true') },
    });
    await clock.advance(2 * HOUR);
    const { pass } = await run();
    expect(pass.plan.decisions).toEqual([]);
  });
});
