import { describe, expect, it } from 'vitest';
import { accessRefusal, loginRefusal } from '../../../src/adapters/git/login-refusal.ts';

const remote = { display: 'https://git.example.com/config.git' };

describe('a login that is refused', () => {
  it.each([
    'HTTP 401 Access Denied: The Personal Access Token used has expired.',
    'HTTP 401 The access token expired',
    'remote: The provided token has expired. Please log in again.',
    'remote: Your SSH key has expired.',
    'remote: Your password expired. Please access GitLab from the web to update your password.',
    'The security token included in the request is expired',
    'Credentials are expired',
  ])('has expired where the server says so: %s', (words) => {
    const want = `the login for ${remote.display} has expired; renew it (${words})`;
    expect(loginRefusal(remote, words)).toMatchObject({ code: 'git/unauthorized', message: want });
    expect(accessRefusal(remote, words)).toMatchObject({ code: 'git/unauthorized', message: want });
  });

  it.each([
    'HTTP 403 remote: This repository was archived so it is read-only.',
    'HTTP 403 This repo is archived. You can view files and clone it, but cannot push.',
  ])('is not at fault where the repo is archived: %s', (words) => {
    expect(accessRefusal(remote, words)).toMatchObject({
      code: 'git/rejected',
      message: `${remote.display} is archived: take it out of the archive, or name another repo (${words})`,
    });
  });

  it.each([
    'HTTP 401 Invalid username or token. Password authentication is not supported for Git operations.',
    'HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or you are required to use a token instead of a password. If a token was provided, it was either incorrect, expired, or improperly scoped.',
    'Token is invalid, expired, or not supported for this endpoint.',
    'Token is invalid or expired',
    'invalid or expired token',
    'token expired, or never was',
    'The certificate has expired',
    'HTTP 401',
  ])('may be wrong or expired where the server does not say: %s', (words) => {
    expect(loginRefusal(remote, words).message).toBe(
      `${remote.display} refused the login; check the credentials (${words})`,
    );
    expect(accessRefusal(remote, words).message).toBe(
      `${remote.display} does not let this login do that; grant it access (${words})`,
    );
  });
});
