import { describe, expect, it } from 'vitest';
import { ScanHints } from '../../../src/app/receive/scan-hints.ts';
import { policy } from '../../support/builders.ts';
import { FakeClock, settled } from '../../support/memory-ports.ts';

function start() {
  const clock = new FakeClock();
  const stop = new AbortController();
  const scans: string[] = [];
  const hints = new ScanHints({
    clock,
    stop: stop.signal,
    scanNow: (keys) => scans.push(keys.join(' ')),
  });
  return { clock, stop, scans, hints };
}

const web = policy({ image: 'ghcr.io/acme/web' }, 'apps/web');
const canary = policy({ image: 'ghcr.io/acme/web' }, 'apps/canary');
const db = policy({ image: 'ghcr.io/acme/db' }, 'apps/db');

describe('hints', () => {
  it('are acted on at once, all policies of a repository together', () => {
    const { hints, scans } = start();
    hints.hint([web, db, canary]);
    expect(scans).toEqual(['apps/web apps/canary', 'apps/db']);
  });

  it('that come within a second after the first count as one, at its end', async () => {
    const { hints, scans, clock } = start();
    hints.hint([web]);
    for (let count = 0; count < 50; count += 1) hints.hint([web, canary]);
    expect(scans).toEqual(['apps/web']);
    await clock.advance(999);
    expect(scans).toEqual(['apps/web']);
    await clock.advance(1);
    expect(scans).toEqual(['apps/web', 'apps/web apps/canary']);
  });

  it('go on like that while events keep coming', async () => {
    const { hints, scans, clock } = start();
    for (let count = 0; count < 30; count += 1) {
      hints.hint([web]);
      await clock.advance(100);
    }
    expect(scans).toHaveLength(4);
  });

  it('of another repository need not wait', () => {
    const { hints, scans } = start();
    hints.hint([web]);
    hints.hint([db]);
    expect(scans).toEqual(['apps/web', 'apps/db']);
  });

  it('leave nothing behind once all is quiet', async () => {
    const { hints, scans, clock } = start();
    hints.hint([web]);
    await clock.advance(1_000);
    hints.hint([web]);
    expect(scans).toEqual(['apps/web', 'apps/web']);
  });

  it('end when the process stops', async () => {
    const { hints, scans, stop, clock } = start();
    hints.hint([web]);
    hints.hint([web]);
    stop.abort();
    await settled();
    await clock.advance(5_000);
    hints.hint([web]);
    expect(scans).toEqual(['apps/web']);
  });
});
