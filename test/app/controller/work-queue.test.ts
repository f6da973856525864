import { describe, expect, it } from 'vitest';
import { WorkQueue } from '../../../src/app/controller/work-queue.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { FakeClock, settled } from '../../support/memory-ports.ts';

const SECOND = 1_000;

/** Work that ends when the test says so. */
class Jobs {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, (end: Date | undefined | AppError) => void>();

  run = async (key: string): Promise<Date | undefined> => {
    this.begun.push(key);
    const end = await new Promise<Date | undefined | AppError>((done) => {
      this.#ends.set(key, done);
    });
    if (end instanceof AppError) throw end;
    return end;
  };

  async end(key: string, outcome?: Date | AppError): Promise<void> {
    this.#ends.get(key)?.(outcome);
    await settled();
  }
}

function start({ concurrency = 2 } = {}) {
  const clock = new FakeClock();
  const jobs = new Jobs();
  const failures: string[] = [];
  const [stop, abort] = [new AbortController(), new AbortController()];
  const began = clock.now().getTime();
  const queue = new WorkQueue({
    clock,
    random: () => 1,
    concurrency,
    work: jobs.run,
    onFailure: (key, error, retryAt) =>
      failures.push(`${key}: ${error.message}, again after ${retryAt.getTime() - began} ms`),
    signals: { stop: stop.signal, abort: abort.signal },
  });
  const inMs = (ms: number) => new Date(clock.now().getTime() + ms);
  return { clock, jobs, queue, failures, stop, abort, inMs };
}

const broken = new AppError('internal', 'broken');

describe('a work queue', () => {
  it('works on keys in the order in which they came, no more at a time than it may', async () => {
    const { jobs, queue } = start({ concurrency: 2 });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    expect(jobs.begun).toEqual(['a', 'b']);
    await jobs.end('b');
    expect(jobs.begun).toEqual(['a', 'b', 'c']);
  });

  it('takes a key that stands in line once, however often it is added', async () => {
    const { jobs, queue } = start({ concurrency: 1 });
    for (const key of ['a', 'b', 'b', 'b']) queue.add(key);
    await jobs.end('a');
    await jobs.end('b');
    expect(jobs.begun).toEqual(['a', 'b']);
  });

  it('never works on a key twice at the same time, and again after what was added meanwhile', async () => {
    const { jobs, queue } = start();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(jobs.begun).toEqual(['a']);
    await jobs.end('a');
    expect(jobs.begun).toEqual(['a', 'a']);
    await jobs.end('a');
    expect(jobs.begun).toEqual(['a', 'a']);
  });

  it.each([
    { name: 'the sooner comes later', first: 30, second: 10 },
    { name: 'the sooner comes first', first: 10, second: 30 },
  ])('keeps the earliest of several times: $name', async ({ first, second }) => {
    const { clock, jobs, queue, inMs } = start();
    queue.add('a', inMs(first * SECOND));
    queue.add('a', inMs(second * SECOND));
    await clock.advance(10 * SECOND - 1);
    expect(jobs.begun).toEqual([]);
    await clock.advance(1);
    await jobs.end('a');
    await clock.advance(60 * SECOND);
    expect(jobs.begun).toEqual(['a']);
  });

  it('does not wait for a later time when a key is added for now', async () => {
    const { clock, jobs, queue, inMs } = start();
    queue.add('a', inMs(30 * SECOND));
    queue.add('a');
    expect(jobs.begun).toEqual(['a']);
    await jobs.end('a');
    await clock.advance(60 * SECOND);
    expect(jobs.begun).toEqual(['a']);
  });

  it('comes back to a key when its work says so', async () => {
    const { clock, jobs, queue, inMs } = start();
    queue.add('a');
    await jobs.end('a', inMs(5 * SECOND));
    await clock.advance(5 * SECOND - 1);
    expect(jobs.begun).toEqual(['a']);
    await clock.advance(1);
    expect(jobs.begun).toEqual(['a', 'a']);
  });

  it('waits twice as long after each failure, and begins anew after a success', async () => {
    const { clock, jobs, queue, failures } = start();
    queue.add('a');
    await jobs.end('a', broken);
    await clock.advance(1 * SECOND);
    await jobs.end('a', broken);
    await clock.advance(2 * SECOND);
    await jobs.end('a');
    queue.add('a');
    await jobs.end('a', broken);
    expect(failures).toEqual([
      'a: broken, again after 1000 ms',
      'a: broken, again after 3000 ms',
      'a: broken, again after 4000 ms',
    ]);
    expect(jobs.begun).toHaveLength(4);
  });

  it('never waits longer than five minutes after a failure', async () => {
    const { clock, jobs, queue } = start();
    queue.add('a');
    for (let failure = 0; failure < 20; failure += 1) {
      await jobs.end('a', broken);
      await clock.advance(300 * SECOND);
    }
    expect(jobs.begun).toHaveLength(21);
    expect(Math.max(...clock.sleeps)).toBe(300 * SECOND);
  });

  it('does not come back before the other side wants it', async () => {
    const { clock, jobs, queue } = start();
    queue.add('a');
    await jobs.end('a', new AppError('registry/rate-limited', 'slow down', { afterMs: 90_000 }));
    await clock.advance(90 * SECOND - 1);
    expect(jobs.begun).toEqual(['a']);
    await clock.advance(1);
    expect(jobs.begun).toEqual(['a', 'a']);
  });

  it('takes a defect as a failure of that key alone', async () => {
    const clock = new FakeClock();
    const failures: string[] = [];
    const worked: string[] = [];
    const queue = new WorkQueue({
      clock,
      random: () => 1,
      concurrency: 1,
      work: async (key) => {
        if (key === 'bad') throw new TypeError('x is undefined');
        worked.push(key);
        return undefined;
      },
      onFailure: (key, { code }) => failures.push(`${key} ${code}`),
      signals: { stop: new AbortController().signal, abort: new AbortController().signal },
    });
    for (const key of ['bad', 'good']) queue.add(key);
    await settled();
    expect({ failures, worked }).toEqual({ failures: ['bad internal'], worked: ['good'] });
  });

  it('lets go of a key that is forgotten: waiting, in line or at work', async () => {
    const { clock, jobs, queue, failures, inMs } = start({ concurrency: 1 });
    queue.add('at work');
    queue.add('in line');
    queue.add('waiting', inMs(SECOND));
    for (const key of ['at work', 'in line', 'waiting']) queue.forget(key);
    await jobs.end('at work', broken);
    await clock.advance(600 * SECOND);
    expect({ begun: jobs.begun, failures }).toEqual({ begun: ['at work'], failures: [] });
  });

  it('works on a key again that came back while its former work was ending', async () => {
    const { jobs, queue, inMs } = start();
    queue.add('a');
    queue.forget('a');
    queue.add('a');
    await jobs.end('a', inMs(600 * SECOND));
    expect(jobs.begun).toEqual(['a', 'a']);
  });

  it('begins nothing after stop, and ends when the work under way has', async () => {
    const { clock, jobs, queue, stop, inMs } = start({ concurrency: 1 });
    for (const key of ['a', 'b']) queue.add(key);
    queue.add('c', inMs(SECOND));
    stop.abort();
    queue.add('d');
    let ended = false;
    const ending = queue.ended().then(() => (ended = true));
    await clock.advance(10 * SECOND);
    expect(ended).toBe(false);
    await jobs.end('a', inMs(SECOND));
    await ending;
    await clock.advance(10 * SECOND);
    expect(jobs.begun).toEqual(['a']);
  });

  it('does not take work that was cut short by abort for a failure', async () => {
    const { jobs, queue, failures, stop, abort } = start();
    queue.add('a');
    stop.abort();
    abort.abort();
    await jobs.end('a', new AppError('cancelled', 'stopped'));
    await queue.ended();
    expect(failures).toEqual([]);
  });
});
