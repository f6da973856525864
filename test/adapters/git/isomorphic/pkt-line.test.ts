import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  barePackAt,
  FLUSH,
  packet,
  PacketError,
  packets,
  sideBands,
} from '../../../../src/adapters/git/isomorphic/pkt-line.ts';

describe('packets', () => {
  it('come back as they were written, for any lines', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (lines) => {
        const bytes = Buffer.concat([...lines.map((line) => packet(line)), FLUSH]);
        const back = [...packets(bytes)].map(String);
        expect(back).toEqual([...lines.map((line) => `${line}\n`), 'flush']);
      }),
    );
  });

  it.each(['', 'zzzz', '0005', '000ahi\n', '0003', '<html>'])(
    '%j fails or ends, and never hangs',
    (text) => {
      const read = () => [...packets(Buffer.from(text))];
      if (text === '') expect(read()).toEqual([]);
      else expect(read).toThrow(PacketError);
    },
  );

  it('are sorted by side band', () => {
    const bytes = Buffer.concat([
      packet('\u0001ab'),
      packet('\u0002note'),
      packet('\u0001cd'),
      packet('\u0003bad'),
    ]);
    const { data, progress, error } = sideBands(packets(bytes));
    expect([data.toString(), progress, error]).toEqual(['ab\ncd\n', 'note\n', 'bad\n']);
  });
});

describe('where a pack starts that comes without side bands', () => {
  it.each([
    ['behind the packets', '0008NAK\nPACK0008', 8],
    [
      'behind a flush',
      '0035shallow 1234567890123456789012345678901234567890\n00000008NAK\nPACK',
      65,
    ],
    ['nowhere in an answer of packets', '0008NAK\n0000', 12],
    ['nowhere in a packet that is cut short', '00ffNAK', 7],
    ['nowhere in what is no answer', '<html>PACK', 10],
  ])('is %s', (_, answer, at) => {
    expect(barePackAt(Buffer.from(answer))).toBe(at);
  });
});
