import { describe, expect, it } from 'vitest';
import { openReceiver, Receivers } from '../../../src/app/receive/receivers.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { receiver } from '../../support/builders.ts';
import { memorySecrets, never } from '../../support/memory-ports.ts';
import { MemoryPushes } from '../../support/memory-pushes.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
const { messages } = new MemoryPushes();

describe('opening a receiver', () => {
  it('takes the token of its Secret', async () => {
    const receivers = new Receivers(messages);
    const secrets = memorySecrets({ 'apps/hub-token': { token: TOKEN } });
    const { path } = await openReceiver(receivers, receiver(), secrets, never);
    expect(receivers.at(path)).toMatchObject({ token: TOKEN, path });
  });

  it.each<[string, Record<string, Record<string, string>>, string, string]>([
    ['is not there', {}, 'secret/not-found', 'there is no Secret apps/hub-token'],
    [
      'has no token',
      { 'apps/hub-token': { password: TOKEN } },
      'secret/invalid',
      'Secret apps/hub-token has no token',
    ],
    [
      'has a token that can be guessed',
      { 'apps/hub-token': { token: 'hunter2' } },
      'secret/invalid',
      'Secret apps/hub-token has a token of less than 16 characters, which could be guessed',
    ],
  ])('whose Secret %s closes it', async (_, secrets, code, message) => {
    const receivers = new Receivers(messages);
    const { path } = receivers.open(receiver(), TOKEN);
    const opening = openReceiver(receivers, receiver(), memorySecrets(secrets), never);
    await expect(opening).rejects.toMatchObject({ code, message });
    expect(receivers.at(path)).toBeUndefined();
  });

  it('whose Secret cannot be read for now stays open', async () => {
    const receivers = new Receivers(messages);
    const { path } = receivers.open(receiver(), TOKEN);
    const away = {
      ...memorySecrets(),
      get: async () => {
        throw new AppError('cluster/unreachable', 'the API server is away');
      },
    };
    await expect(openReceiver(receivers, receiver(), away, never)).rejects.toThrow('away');
    expect(receivers.at(path)).toBeDefined();
  });
});
