import { describe, expect, it } from 'vitest';
import { RepositoryScans } from '../../../../src/app/scan/repository-scans.ts';
import { viewsOver } from '../../../../src/app/scan/recorded-memories.ts';
import { AppError } from '../../../../src/domain/errors.ts';
import { digest, policy } from '../../../support/builders.ts';
import { memoryPorts, never, type Repositories } from '../../../support/memory-ports.ts';
import { PODINFO } from '../../../support/texts.ts';

type Spec = Parameters<typeof policy>[0];

function gated(repositories: Repositories, spec: Spec = {}) {
  const ports = memoryPorts({ repositories });
  const views = viewsOver(ports, new RepositoryScans(ports));
  const { registry, clock } = ports;
  const runsOn = (hex: string, ...platforms: readonly string[]) =>
    registry.manifests.set(digest(hex), {
      kind: 'index',
      digest: digest(hex),
      annotations: {},
      entries: platforms.map((platform) => {
        const [os = '', architecture = ''] = platform.split('/');
        return { digest: digest('0'), platform: { os, architecture }, annotations: {} };
      }),
    });
  return {
    registry,
    runsOn,
    look: async () => {
      const of = policy({ platforms: ['linux/amd64', 'linux/arm64/v8'], ...spec });
      return (await views.look(of, new Set(), never)).view;
    },
    calls: () => registry.calls.splice(0),
    nextScan: () => clock.advance(5 * 60_000),
  };
}

const BOTH = ['linux/amd64', 'linux/arm64'] as const;

describe('platforms', () => {
  const tags = { '6.1.0': digest('1'), '6.2.0': digest('2') };

  it('pass a tag over that lacks one, until it is pushed with it', async () => {
    const { look, runsOn, registry, nextScan } = gated({ [PODINFO]: tags });
    runsOn('1', ...BOTH);
    runsOn('2', 'linux/amd64');
    const { choice, passedOver } = await look();
    expect(choice).toEqual({ kind: 'selected', tag: '6.1.0' });
    expect(passedOver).toEqual([
      {
        tag: '6.2.0',
        verdict: { kind: 'closed', message: 'does not provide linux/arm64/v8' },
      },
    ]);
    registry.repositories = { [PODINFO]: { ...tags, '6.2.0': digest('3') } };
    runsOn('3', ...BOTH);
    await nextScan();
    expect((await look()).choice).toEqual({ kind: 'selected', tag: '6.2.0' });
  });

  it('cost one HEAD for a candidate and scan, once an image is known', async () => {
    const { look, runsOn, calls, nextScan } = gated({ [PODINFO]: tags });
    runsOn('2', ...BOTH);
    await look();
    calls();
    await nextScan();
    await look();
    await look();
    expect(calls()).toEqual([`list ${PODINFO}`, `digest ${PODINFO}:6.2.0`]);
  });

  it('fail the look when an image cannot be asked about', async () => {
    const { look, runsOn } = gated({ [PODINFO]: tags });
    runsOn('1', ...BOTH);
    expect((await look()).choice).toEqual({
      kind: 'failed',
      message: `${PODINFO} has no manifest ${digest('2')}`,
    });
  });

  it('are asked of twenty tags at the most, and it is said that more were not', async () => {
    const many = Array.from({ length: 30 }, (_, n) => [`1.0.${n}`, digest('2')]);
    const { look, runsOn, calls } = gated({
      [PODINFO]: Object.fromEntries(many) as Record<string, string>,
    });
    runsOn('2', 'linux/amd64');
    const { choice } = await look();
    expect(choice).toEqual({
      kind: 'none',
      message:
        '1.0.29 does not provide linux/arm64/v8 (and 19 more); older tags were not asked about',
    });
    expect(calls()).toHaveLength(1 + 20 + 1);
  });

  it('are no matter for a chart', async () => {
    const { look, registry } = gated({ [PODINFO]: { '1.0.0': digest('7') } });
    registry.manifests.set(digest('7'), {
      kind: 'artifact',
      digest: digest('7'),
      annotations: {},
    });
    expect((await look()).choice).toEqual({ kind: 'selected', tag: '1.0.0' });
  });

  it('are asked after the age, which costs less', async () => {
    const { look, runsOn, registry, nextScan, calls } = gated(
      { [PODINFO]: tags },
      { minimumAge: '1h' },
    );
    runsOn('2', ...BOTH);
    await look();
    registry.repositories = { [PODINFO]: { ...tags, '6.3.0': digest('4') } };
    await nextScan();
    calls();
    const { passedOver } = await look();
    expect(passedOver).toMatchObject([{ tag: '6.3.0', verdict: { kind: 'waiting' } }]);
    expect(calls().filter((call) => call.startsWith('manifest'))).toEqual([]);
  });

  it('leave the former choice alone when the registry is gone', async () => {
    const { look, runsOn, registry, nextScan } = gated({ [PODINFO]: tags });
    runsOn('2', ...BOTH);
    await look();
    registry.repositories = { [PODINFO]: new AppError('registry/unreachable', 'down') };
    await nextScan();
    expect((await look()).choice).toEqual({ kind: 'failed', message: 'down' });
  });
});
