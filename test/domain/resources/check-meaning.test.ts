import { describe, expect, it } from 'vitest';
import { automation, complaints } from './resource-text.ts';

describe('a provider of logins', () => {
  it.each([
    [
      'that the repo is not at',
      automation('    provider: azure'),
      'a.yaml:7:15: spec.git.provider: azure gives logins for https://dev.azure.com/… and https://ORGANISATION.visualstudio.com/… alone; url names another',
    ],
    [
      'without what it takes',
      automation('    provider: github'),
      'a.yaml:7:15: spec.git.provider: github takes a GitHub App from a Secret: name it in secretRef',
    ],
    [
      'with an address that is none, which is told by itself',
      automation('    provider: azure').replace(/url: .*/, 'url: ftp://x'),
      'a.yaml:6:10: spec.git.url: must be https://…, http://…, ssh://…, file://…, git@host:path or an absolute path',
    ],
    [
      'without an address, which is told by itself',
      automation('    provider: azure').replace(/ +url: .*\n/, ''),
      'a.yaml:5:3: spec.git.url: required, but not given',
    ],
  ])('%s is told where it stands', (_, text, want) => {
    expect(complaints(text)).toEqual([want]);
  });

  it.each([
    automation('    provider: generic'),
    automation('    provider: github\n    secretRef: { name: app }'),
    automation('    provider: azure').replace(/url: .*/, 'url: https://dev.azure.com/o/p/_git/r'),
  ])('that goes with the repo is fine: %#', (text) => {
    expect(complaints(text)).toEqual([]);
  });
});
