import { describe, expect, it } from 'vitest';
import { createLargeLists } from '../../../src/adapters/registry/large-lists.ts';
import { settled } from '../../support/memory-ports.ts';
import { testCall } from '../../support/registry/call.ts';

describe('large lists', () => {
  it('have their turns one after the other', async () => {
    const lists = createLargeLists();
    const end = await lists.begin(testCall({ name: 'a' }));
    let begun = false;
    const second = lists.begin(testCall({ name: 'b' })).then((endSecond) => {
      begun = true;
      return endSecond;
    });
    await settled();
    expect(begun).toBe(false);
    end();
    end(); // once is enough: the next one is not ended by it
    await second;
    const third = testCall({ name: 'c' });
    const waiting = lists.begin(third).catch((reason: unknown) => reason);
    third.abort();
    expect(await waiting).toMatchObject({
      code: 'registry/unreachable',
      message: expect.stringContaining('waiting for other large tag lists') as string,
    });
  });

  it('are expected of repositories that had one, until one is small', async () => {
    const lists = createLargeLists();
    const call = testCall();
    expect(lists.expects(call)).toBe(false);
    (await lists.begin(call))();
    expect(lists.expects(call)).toBe(true);
    expect(lists.expects(testCall({ name: 'other' }))).toBe(false);
    lists.wasSmall(call);
    expect(lists.expects(call)).toBe(false);
  });
});
