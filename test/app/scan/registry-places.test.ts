import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RegistryPlaces } from '../../../src/app/scan/registry-places.ts';

/** Work that ends when it is told to, by the host that it is at. */
function atWork() {
  const places = new RegistryPlaces();
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (host: string, times = 1) =>
    Array.from({ length: times }, () =>
      places.at(host, () => {
        begun.push(host);
        return new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
  return { begun, ends, ask };
}

describe('a registry that never answers', () => {
  it('leaves places to the others', async () => {
    const { begun, ask, ends } = atWork();
    void ask('tarpit', 20);
    const others = ask('quick', 2);
    await setImmediate();
    expect(begun.filter((host) => host === 'tarpit')).toHaveLength(6);
    expect(begun.filter((host) => host === 'quick')).toHaveLength(2);
    ends.splice(6).forEach((end) => end());
    await Promise.all(others);
    await Promise.all([...ask('quick', 1), setImmediate().then(() => ends.splice(6)[0]?.())]);
    expect(begun.filter((host) => host === 'tarpit')).toHaveLength(6);
  });
});

describe('questions to registries', () => {
  it('are at most eight at a time, and each gets its turn', async () => {
    const { begun, ask, ends } = atWork();
    const all = Array.from({ length: 20 }, (_, index) => ask(`host${index}`)).flat();
    for (let ended = 0; ended < 20; ended += 1) {
      await setImmediate();
      expect(begun).toHaveLength(Math.min(8 + ended, 20));
      ends[ended]?.();
    }
    await expect(Promise.all(all)).resolves.toHaveLength(20);
  });

  it('that fail give their place back', async () => {
    const places = new RegistryPlaces();
    const fail = () => places.at('host', () => Promise.reject(new Error('down')));
    const failed = await Promise.allSettled(Array.from({ length: 20 }, fail));
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(places.at('host', () => Promise.resolve('up'))).resolves.toBe('up');
  });
});
