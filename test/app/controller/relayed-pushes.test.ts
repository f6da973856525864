import { describe, expect, it } from 'vitest';
import { runController } from '../../../src/app/controller/controller.ts';
import type { ControllerEvent } from '../../../src/app/controller/context.ts';
import { AppError } from '../../../src/domain/errors.ts';
import type { PushAnswer, PushRelay } from '../../../src/ports/push.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { memoryPorts, settled } from '../../support/memory-ports.ts';
import { MemoryPushes } from '../../support/memory-pushes.ts';

/** A controller whose lease another process holds, and a relay that notes what it sends. */
async function following(address?: string) {
  const cluster = new MemoryCluster();
  cluster.otherLeader = address === undefined ? {} : { address };
  const pushes = new MemoryPushes();
  const sent: string[] = [];
  let answer: () => PushAnswer = () => ({ status: 202 });
  const pushRelay: PushRelay = {
    isRelayed: (headers) => headers['authorization'] === 'Bearer relayed',
    send: async (to, { path, body }) => {
      sent.push(`${to}${path} ${Buffer.from(body).toString()}`);
      return answer();
    },
  };
  const events: ControllerEvent[] = [];
  const stop = new AbortController();
  const running = runController(
    { ...memoryPorts(), cluster, pushes, pushRelay },
    {
      scope: { namespaces: [] },
      concurrency: 1,
      lease: { namespace: 'system', name: 'lockkeeper', identity: 'pod-1' },
    },
    {
      signals: { stop: stop.signal, abort: new AbortController().signal },
      onEvent: (event) => events.push(event),
    },
  );
  await settled();
  const end = async () => {
    stop.abort();
    await running;
  };
  const told = () => events.filter((event) => event.kind === 'push').map(({ result }) => result);
  const answerWith = (next: () => PushAnswer) => (answer = next);
  return { cluster, pushes, sent, end, told, answerWith };
}

describe('a process that does not lead', () => {
  it('passes pushes on to the one that does, and its answer back', async () => {
    const { pushes, sent, end, told, answerWith } = await following('10.0.0.5:9292');
    answerWith(() => ({ status: 400, message: 'not understood' }));
    expect(await pushes.post('/hook/a', { a: 1 })).toEqual({
      status: 400,
      message: 'not understood',
    });
    expect(sent).toEqual(['10.0.0.5:9292/hook/a {"a":1}']);
    expect(told()).toEqual(['relayed']);
    await end();
  });

  it('passes nothing on a second time', async () => {
    const { pushes, sent, end } = await following('10.0.0.5:9292');
    const answer = await pushes.post('/hook/a', {}, { token: 'relayed' });
    expect([answer, sent]).toEqual([{ status: 503, retryAfterS: 5 }, []]);
    await end();
  });

  it('asks to come again when nobody says where the leader is', async () => {
    const { pushes, end, told } = await following();
    expect(await pushes.post('/hook/a', {})).toEqual({ status: 503, retryAfterS: 5 });
    expect(told()).toEqual(['unavailable']);
    await end();
  });

  it('asks to come again when the leader does not answer', async () => {
    const { pushes, end, answerWith } = await following('10.0.0.5:9292');
    answerWith(() => {
      throw new AppError('cluster/unreachable', 'the leader does not answer');
    });
    expect(await pushes.post('/hook/a', {})).toEqual({ status: 503, retryAfterS: 5 });
    await end();
  });

  it('limits what it passes on', async () => {
    const { pushes, sent, end } = await following('10.0.0.5:9292');
    const statuses = [];
    for (let count = 0; count < 300; count += 1)
      statuses.push((await pushes.post('/hook/a', {}))?.status);
    expect([statuses.indexOf(429), sent.length]).toEqual([250, 250]);
    await end();
  });

  it('answers for itself as soon as it leads', async () => {
    const { cluster, pushes, sent, end } = await following('10.0.0.5:9292');
    cluster.otherLeader = undefined;
    await settled();
    expect(await pushes.post('/hook/a', {})).toEqual({ status: 404 });
    expect(sent).toEqual([]);
    await end();
  });
});
