/**
 * A process that competes for a lease, for tests that kill and freeze it. Prints `leading` and `stopped`, and
 * after each time it was frozen `woke MS HOLDS`: how long it was, and what `holds()` said first.
 */
import { connectCluster } from '../../../src/adapters/kubernetes/connect-cluster.ts';
import type { ClusterTiming } from '../../../src/adapters/kubernetes/timing.ts';

const [kubeconfig = '', namespace = '', identity = '', timing = '{}'] = process.argv.slice(2);
const FROZEN_MS = 1_000;

const say = (line: string) => process.stdout.write(`${line}\n`);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const cluster = connectCluster({
  kubeconfig,
  observer: { trouble() {}, recovered() {} },
  random: Math.random,
  timing: JSON.parse(timing) as ClusterTiming,
});
await cluster.lead(
  { namespace, name: 'lead', identity },
  async (leading, signal) => {
    say('leading');
    let last = performance.now();
    const tick = () => {
      const holds = leading.holds();
      const gap = performance.now() - last;
      if (gap > FROZEN_MS) say(`woke ${Math.round(gap)} ${holds}`);
      last = performance.now();
    };
    const ticks = setInterval(tick, 20);
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    clearInterval(ticks);
    // Which timer a process finds first on waking is chance: what it believes then is told either way.
    tick();
    say('stopped');
  },
  stop.signal,
);
await cluster.close();
