import { describe, expect, it } from 'vitest';
import { withSignature } from '../../src/domain/signed-commit.ts';

const HEADERS = 'tree 4b825dc\nauthor Ana <ana@example.com> 1780000000 +0000';
const ARMORED = '-----BEGIN SIGNATURE-----\r\nabc\r\n\r\ndef\r\n-----END SIGNATURE-----\r\n';
const HEADER = 'gpgsig -----BEGIN SIGNATURE-----\n abc\n \n def\n -----END SIGNATURE-----\n';

function signed(content: string): string {
  return new TextDecoder().decode(withSignature(new TextEncoder().encode(content), ARMORED));
}

describe('a signature', () => {
  it('is the last header, each further line behind a space', () => {
    expect(signed(`${HEADERS}\n\nSubject\n\nBody\n`)).toBe(
      `${HEADERS}\n${HEADER}\nSubject\n\nBody\n`,
    );
  });

  it('ends a commit without a message', () => {
    expect(signed(`${HEADERS}\n`)).toBe(`${HEADERS}\n${HEADER}`);
  });
});
