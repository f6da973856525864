import { describe, expect, it } from 'vitest';
import { ImageMemory, type KeptImages } from '../../../src/domain/image/image-memory.ts';
import { digest } from '../../support/builders.ts';

const [A, B] = [digest('a'), digest('b')];
const kept: KeptImages = {
  images: [
    [A, { platforms: ['linux/amd64'], time: 1_780_000_000_000 }],
    [B, { platforms: null, time: 'absent' }],
    [digest('c'), { time: 'unreal' }],
    [digest('d'), {}],
  ],
  tags: [['1.0.0', A, 1_780_000_100_000]],
};

describe('what was learnt of images', () => {
  it('survives being written and read', () => {
    const memory = ImageMemory.from(JSON.parse(JSON.stringify(kept)));
    expect(memory.save()).toEqual(kept);
    expect(memory.facts(B)).toEqual({ platforms: null, time: 'absent' });
    expect(memory.digestOf('1.0.0')).toEqual({ digest: A, askedAt: 1_780_000_100_000 });
    expect(memory.facts(digest('e'))).toBeUndefined();
    expect(memory.digestOf('2.0.0')).toBeUndefined();
  });

  it.each([
    { name: 'nothing', file: undefined },
    { name: 'null', file: null },
    { name: 'a text', file: 'images' },
    { name: 'an empty object', file: {} },
    { name: 'no list of tags', file: { images: [] } },
    { name: 'images that are no lists', file: { images: [{}], tags: [] } },
    { name: 'a digest that is no text', file: { images: [[1, {}]], tags: [] } },
    { name: 'facts that are no object', file: { images: [[A, 'x']], tags: [] } },
    { name: 'facts that are null', file: { images: [[A, null]], tags: [] } },
    { name: 'a time of an unknown word', file: { images: [[A, { time: 'soon' }]], tags: [] } },
    { name: 'platforms that are no list', file: { images: [[A, { platforms: 'x' }]], tags: [] } },
    { name: 'a platform that is no text', file: { images: [[A, { platforms: [1] }]], tags: [] } },
    { name: 'a tag that is no text', file: { images: [], tags: [[1, A, 1]] } },
    { name: 'a tag without a digest', file: { images: [], tags: [['1.0.0', null, 1]] } },
    { name: 'a time of asking that is a text', file: { images: [], tags: [['1.0.0', A, '1']] } },
  ])('is nothing where what was kept is damaged: $name', ({ file }) => {
    expect(ImageMemory.from(file).save()).toEqual({ images: [], tags: [] });
  });

  it('adds to what is known of an image', () => {
    const memory = ImageMemory.from(kept);
    memory.learn(A, { time: 1 });
    memory.learn(digest('f'), { platforms: ['linux/arm64'] });
    expect(memory.facts(A)).toEqual({ platforms: ['linux/amd64'], time: 1 });
    expect(memory.facts(digest('f'))).toEqual({ platforms: ['linux/arm64'] });
  });

  it('tells once of a change, and not of a tag that is asked for again and has moved nowhere', () => {
    const memory = ImageMemory.from(kept);
    expect(memory.takeChange()).toBe(false);
    memory.tagHas('1.0.0', { digest: A, askedAt: 1_780_000_200_000 });
    expect(memory.takeChange()).toBe(false);
    expect(memory.digestOf('1.0.0')?.askedAt).toBe(1_780_000_200_000);
    memory.tagHas('1.0.0', { digest: B, askedAt: 1_780_000_200_000 });
    expect(memory.takeChange()).toBe(true);
    memory.learn(A, {});
    expect([memory.takeChange(), memory.takeChange()]).toEqual([true, false]);
  });

  it('forgets what was learnt first, beyond 100,000', () => {
    const images = Array.from({ length: 100_000 }, (_, index) => [`sha256:${index}`, {}]);
    const memory = ImageMemory.from({ images, tags: [] });
    memory.learn('sha256:0', { time: 1 });
    memory.learn('sha256:new', {});
    expect(memory.facts('sha256:1')).toBeUndefined();
    expect(memory.facts('sha256:0')).toEqual({ time: 1 });
    expect(memory.save().images).toHaveLength(100_000);
  });
});
