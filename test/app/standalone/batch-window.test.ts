import { describe, expect, it } from 'vitest';
import { BY_NAME_ONLY } from '../../../src/app/access/policy-grants.ts';
import { runFromFolders } from '../../../src/app/standalone/run-from-folders.ts';
import type { StandaloneEvent } from '../../../src/app/standalone/run-standalone.ts';
import {
  nextStatus,
  type StandaloneStatus,
} from '../../../src/app/standalone/standalone-status.ts';
import { AppError } from '../../../src/domain/errors.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  settled,
  type MemoryPorts,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const MINUTE = 60_000;
const CONFIG = {
  'policy.yaml': policyText('podinfo', PODINFO, 'interval: 1m'),
  'automation.yaml': automationText('update', 'batchWindow: 10m'),
};

/** What outlives a process: the repo, the registry and the state folder. */
function world() {
  const clock = new FakeClock('2026-06-01T12:00:00Z');
  const branch = new MemoryBranch({ 'web.yaml': deploymentText() });
  const repositories = { [PODINFO]: ['6.1.0', '6.2.0'] };
  const ports = memoryPorts({ clock, branch, folders: { conf: CONFIG }, repositories });
  return { clock, branch, ports };
}

/** A controller that runs over it, and its status. */
async function start(ports: MemoryPorts) {
  const [stop, abort] = [new AbortController(), new AbortController()];
  let status: StandaloneStatus = {};
  const running = runFromFolders(
    ports,
    { configPaths: ['conf'], crossNamespace: BY_NAME_ONLY },
    {
      signals: { stop: stop.signal, abort: abort.signal },
      onEvent: (event: StandaloneEvent) => {
        status = nextStatus(status, event, ports.clock.now());
      },
    },
  );
  running.catch(() => undefined);
  await settled();
  return {
    status: () => status['apps/update'],
    /** Ends it in the middle of whatever it does. */
    kill: async () => {
      stop.abort();
      abort.abort();
      await running;
    },
  };
}

describe('the standalone controller with a batch window', () => {
  it('writes at the very end of it, and what is newest then', async () => {
    const { clock, branch, ports } = world();
    const { status } = await start(ports);
    expect(status()).toMatchObject({
      ready: true,
      message:
        '1 location to be changed waits for more changes until 2026-06-01T12:10:00Z (batchWindow 10m)',
      held: [{ reason: 'Batching' }],
      batch: { until: new Date('2026-06-01T12:10:00Z') },
    });
    ports.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await clock.advance(10 * MINUTE - 1);
    expect(branch.requests).toEqual([]);
    await clock.advance(1);
    expect(branch.current['web.yaml']).toBe(deploymentText(`${PODINFO}:6.3.0`));
    expect(branch.requests).toHaveLength(1);
    expect(status()).toMatchObject({ message: 'Update podinfo to 6.3.0' });
    expect(status()).not.toHaveProperty('batch');
  });

  it('does not begin anew in the next process', async () => {
    const { clock, branch, ports } = world();
    const first = await start(ports);
    await clock.advance(8 * MINUTE);
    await first.kill();
    await start(ports);
    await clock.advance(2 * MINUTE - 1);
    expect(branch.requests).toEqual([]);
    await clock.advance(1);
    expect(branch.requests).toHaveLength(1);
  });

  it('writes at once what has waited long enough while no process ran', async () => {
    const { clock, branch, ports } = world();
    await (await start(ports)).kill();
    await clock.advance(60 * MINUTE);
    await start(ports);
    expect(branch.requests).toHaveLength(1);
  });

  it('keeps nothing of a batch that is over', async () => {
    const { clock, branch, ports } = world();
    const first = await start(ports);
    await clock.advance(11 * MINUTE);
    ports.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await first.kill();
    await start(ports);
    await clock.advance(10 * MINUTE - 1);
    expect(branch.requests).toHaveLength(1);
    await clock.advance(1);
    expect(branch.requests).toHaveLength(2);
  });

  it('writes nothing to the state folder while nothing more comes', async () => {
    const { clock, ports } = world();
    await start(ports);
    let saves = 0;
    const save = ports.records.save.bind(ports.records);
    ports.records.save = async (name, value) => {
      if (name.startsWith('batch of')) saves += 1;
      await save(name, value);
    };
    await clock.advance(10 * MINUTE - 1);
    expect(saves).toBe(0);
    await clock.advance(1);
    expect(saves).toBe(1);
  });

  it('tries again to keep what could not be kept, and ends in time all the same', async () => {
    const { clock, branch, ports } = world();
    const save = ports.records.save.bind(ports.records);
    ports.records.save = async (name, value) => {
      if (name.startsWith('batch of')) throw new AppError('file/unreadable', 'no space');
      await save(name, value);
    };
    const first = await start(ports);
    expect(first.status()).toMatchObject({ ready: false, message: 'no space' });
    await clock.advance(MINUTE);
    ports.records.save = save;
    await clock.advance(5 * MINUTE);
    await first.kill();
    await start(ports);
    await clock.advance(4 * MINUTE - 1);
    expect(branch.requests).toEqual([]);
    await clock.advance(1);
    expect(branch.requests).toHaveLength(1);
  });
});
