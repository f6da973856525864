import { describe, expect, it } from 'vitest';
import { updateOnce } from '../../../src/app/update/update-once.ts';
import { reportOf } from '../../../src/app/update/update-report.ts';
import {
  FakeClock,
  MemoryBranch,
  MemoryCheckout,
  memoryPorts,
  never,
  type Files,
} from '../../support/memory-ports.ts';
import { deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const HOUR = 60 * 60 * 1_000;
const MINUTE = 60 * 1_000;

const at = (policy: string, tag: string) =>
  deploymentText(`${PODINFO}:${tag}`, { marker: `apps:${policy}` });

describe('an update of a folder', () => {
  const files = {
    'staging.yaml': policyText('staging'),
    'staging/web.yaml': at('staging', '6.2.0'),
    'prod/web.yaml': at('prod', '6.1.0'),
  };
  const update = async (soak: string) => {
    const prod = policyText('prod', PODINFO, `promoteFrom: {policy: staging${soak}}`);
    const checkout = new MemoryCheckout({ ...files, 'prod.yaml': prod });
    const ports = memoryPorts({ checkout, repositories: { [PODINFO]: ['6.1.0', '6.2.0'] } });
    const request = {
      target: { kind: 'folder', dir: '.' },
      policies: [],
      update: {},
      dryRun: false,
      commit: false,
      ignoreWindows: false,
    } as const;
    const { pass } = await updateOnce(ports, request, never);
    return { checkout, pass, ports };
  };

  it('promotes what is there, where nothing has to soak', async () => {
    const { checkout, ports } = await update('');
    expect(checkout.files['prod/web.yaml']).toContain(':6.2.0');
    expect(
      [...ports.records.documents.keys()].filter((name) => name.startsWith('locations')),
    ).toEqual([]);
  });

  it('says that nobody knows since when it is there, where something has to soak', async () => {
    const { checkout, pass } = await update(', soak: 1h');
    expect(checkout.files['prod/web.yaml']).toContain(':6.1.0');
    expect(pass.plan.decisions.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      'NotPromoted: nobody knows since when apps/staging runs what it does: it is not in a Git work tree; `update --repo` reads the history of a remote',
      expect.stringMatching(/^UpToDate/),
    ]);
  });
});

describe('an update of a Git work tree', () => {
  const NOW = new Date('2026-06-02T12:00:00Z');
  const ago = (ms: number) => new Date(NOW.getTime() - ms);
  const files = {
    'staging.yaml': policyText('staging', PODINFO, 'suspend: true'),
    'prod.yaml': policyText('prod', PODINFO, 'promoteFrom: {policy: staging, soak: 1h}'),
    'staging/web.yaml': at('staging', '6.1.0'),
    'prod/web.yaml': at('prod', '6.1.0'),
  };

  /** Staging was moved to 6.2.0 so long ago; what is not committed lies above that. */
  async function update(movedMs: number, uncommitted: Files = {}, isShallow = false) {
    const past = new MemoryBranch(files);
    past.commitByOther({ 'staging/web.yaml': at('staging', '6.2.0') }, { time: ago(movedMs) });
    if (isShallow) past.commitByOther({}, { parents: [], isCutOff: true, time: ago(5 * MINUTE) });
    const checkout = new MemoryCheckout({ ...past.current, ...uncommitted }, past);
    const clock = new FakeClock(NOW.toISOString());
    const ports = memoryPorts({ checkout, clock, repositories: { [PODINFO]: ['6.1.0', '6.2.0'] } });
    const request = {
      target: { kind: 'folder', dir: '.' },
      policies: [],
      update: {},
      dryRun: false,
      commit: false,
      ignoreWindows: false,
    } as const;
    const done = await updateOnce(ports, request, never);
    const { findings } = reportOf(done);
    return {
      promoted: checkout.files['prod/web.yaml'] === at('prod', '6.2.0'),
      message: done.pass.views.get('apps/prod')?.passedOver[0]?.verdict.message,
      findings: findings.map(({ message }) => message),
    };
  }

  it('promotes what its commits tell to have soaked', async () => {
    expect(await update(HOUR)).toMatchObject({ promoted: true, findings: [] });
    expect(await update(HOUR - 1_000)).toMatchObject({
      promoted: false,
      message: expect.stringContaining('all its locations hold it since 2026-06-02T11:00:01Z'),
    });
  });

  it('counts what is not committed from now', async () => {
    const uncommitted = { 'staging/api.yaml': at('staging', '6.2.0') };
    expect(await update(2 * HOUR, uncommitted)).toMatchObject({
      promoted: false,
      message: expect.stringContaining('all its locations hold it since 2026-06-02T12:00:00Z'),
    });
    expect(await update(2 * HOUR, { 'staging/web.yaml': at('staging', '6.1.0') })).toMatchObject({
      promoted: false,
      message: 'was taken back in apps/staging at 2026-06-02T12:00:00Z',
    });
    expect(await update(2 * HOUR, { 'notes.md': 'x' })).toMatchObject({ promoted: true });
  });

  it('says where its history is cut off', async () => {
    expect(await update(2 * HOUR, {}, true)).toEqual({
      promoted: false,
      message: expect.stringContaining('all its locations hold it since 2026-06-02T11:55:00Z'),
      findings: [
        'the history at hand begins at 2026-06-02T11:55:00Z (a shallow clone?), and what soaks is known since then only; fetch more of it, such as `git fetch --unshallow`',
      ],
    });
  });
});
