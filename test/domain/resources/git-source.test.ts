import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { attempt } from '../../../src/domain/resources/attempt.ts';
import { gitSource } from '../../../src/domain/resources/git-source.ts';

const REF = { kind: 'GitRepository', namespace: 'flux-system', name: 'fleet' };
const URL = 'https://git.example.com/fleet.git';
const DEVOPS = 'https://dev.azure.com/org/fleet/_git/fleet';
const CODECOMMIT = 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/fleet';

const branchOf = (ref?: unknown) => gitSource(REF, { url: URL, ref }).git.branch;
const refusal = (spec: unknown) => {
  const error = attempt(() => gitSource(REF, spec));
  return error instanceof AppError ? `${error.code}: ${error.message}` : 'none';
};

describe('a GitRepository of Flux', () => {
  it('is a repo in the terms of spec.git', () => {
    const spec = {
      url: URL,
      interval: '1m0s',
      timeout: '60s',
      ref: { branch: 'main' },
      secretRef: { name: 'login' },
    };
    expect(gitSource(REF, spec)).toEqual({
      git: { url: URL, branch: 'main', secretRef: { name: 'login' }, provider: 'generic' },
      isSuspended: false,
    });
  });

  it.each([
    [undefined, 'master'],
    [null, 'master'],
    [{}, 'master'],
    [{ branch: '' }, 'master'],
    [{ branch: 'prod' }, 'prod'],
    [{ name: 'refs/heads/release/1' }, 'release/1'],
    [{ name: 'refs/heads/a', branch: 'b', tag: 'v1' }, 'a'],
    [{ branch: 'main', tag: '', semver: null, commit: '' }, 'main'],
  ])('with ref %j is written to on its branch', (ref, branch) => {
    expect(branchOf(ref)).toBe(branch);
  });

  it.each([
    [{ tag: 'v1' }, 'tag'],
    [{ semver: '1.x', branch: 'main' }, 'semver'],
    [{ name: 'refs/tags/v1', branch: 'main' }, 'name'],
    [{ commit: 'a'.repeat(40), branch: 'main' }, 'commit'],
  ])('with ref %j cannot be committed to', (ref, field) => {
    expect(refusal({ url: URL, ref })).toBe(
      `source/invalid: GitRepository flux-system/fleet follows spec.ref.${field}, to which nothing can be committed; let it follow a branch, or give the automation spec.git`,
    );
  });

  it.each([
    [{ url: 'ftp://git.example.com/x' }, 'spec.url: must be'],
    [{ url: 'https://user:pa55w0rd@git.example.com/x' }, 'spec.url: must not hold a login'],
    [{ url: URL, ref: { branch: 'a..b' } }, 'spec.ref.branch: "a..b" is not the name of a branch'],
    [{ url: URL, provider: 'ibm' }, 'spec.provider: '],
    [{ url: URL, provider: 'github' }, 'spec.provider: github takes a GitHub App from a Secret'],
    [{ url: URL, provider: 'aws' }, 'spec.provider: aws gives logins for https://git-codecommit.'],
    [
      { url: DEVOPS, provider: 'azure', serviceAccountName: 'git' },
      'spec.serviceAccountName: not supported; give the automation spec.git',
    ],
    [
      { url: CODECOMMIT, provider: 'aws', serviceAccountName: 'git' },
      'spec.serviceAccountName: not supported; give the automation spec.git',
    ],
    [{}, 'spec cannot be understood'],
    [undefined, 'spec cannot be understood'],
  ])('whose spec is %j is refused by the rules of spec.git', (spec, text) => {
    expect(refusal(spec)).toContain(`source/invalid: GitRepository flux-system/fleet: ${text}`);
    expect(refusal(spec)).not.toContain('pa55w0rd');
  });

  it.each([
    [{ url: DEVOPS, provider: 'azure' }],
    [{ url: CODECOMMIT, provider: 'aws', serviceAccountName: '' }],
    [{ url: 'https://github.com/org/fleet', provider: 'github', secretRef: { name: 'app' } }],
  ])('keeps its provider: %j', (spec) => {
    expect(gitSource(REF, spec).git.provider).toBe(spec.provider);
  });

  it('under no cloud may name an account, which then says nothing of the login', () => {
    const spec = { url: URL, provider: 'generic', serviceAccountName: 'git' };
    expect(gitSource(REF, spec).git.url).toBe(URL);
  });

  it('may be suspended', () => {
    expect(gitSource(REF, { url: URL, suspend: true }).isSuspended).toBe(true);
  });
});
