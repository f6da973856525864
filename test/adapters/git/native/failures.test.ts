import { expect, it } from 'vitest';
import {
  isStoreTrouble,
  refusedPart,
  remoteFailure,
  storeFailure,
} from '../../../../src/adapters/git/native/failures.ts';
import { parseRemote } from '../../../../src/adapters/git/remote.ts';

const remote = parseRemote({ url: 'https://git.example.com/team/config.git', branch: 'main' });

it.each([
  {
    name: 'a connection that ended in the middle of a line is no wrong address',
    stderr:
      'error: RPC failed; curl 18 transfer closed with outstanding read data remaining\nfatal: protocol error: bad line length character: ab1\n',
    want: ['git/unreachable', true],
  },
  {
    name: 'an answer that is no Git is a wrong address',
    stderr: 'fatal: protocol error: bad line length character: <htm\n',
    want: ['git/not-found', false],
  },
  {
    name: 'a refused login stays one, however the transfer ended',
    stderr:
      'error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\nfatal: the remote end hung up unexpectedly\n',
    want: ['git/unauthorized', false],
  },
  {
    name: 'a deploy key that may only read, as GitHub says it',
    stderr:
      'ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.\n',
    want: ['git/unauthorized', false],
  },
  {
    name: 'a TLS alert is the server’s refusal of a client without certificate',
    stderr:
      "fatal: unable to access 'https://git.example.com/': GnuTLS recv error (-12): A TLS fatal alert has been received.\n",
    want: ['git/unauthorized', false],
  },
  {
    name: 'the same alert, where curl has OpenSSL',
    stderr:
      "fatal: unable to access 'https://git.example.com/': OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0\n",
    want: ['git/unauthorized', false],
  },
  {
    name: 'a TLS connection that broke is no untrusted one',
    stderr:
      "fatal: unable to access 'https://git.example.com/': GnuTLS recv error (-110): The TLS connection was non-properly terminated.\n",
    want: ['git/unreachable', true],
  },
  {
    name: 'a tunnel that the proxy refuses, in the words of newer curl',
    stderr:
      "fatal: unable to access 'https://git.example.com/': CONNECT tunnel failed, response 407\n",
    want: ['git/unauthorized', false],
  },
])('$name', ({ stderr, want }) => {
  const { code, retry } = remoteFailure(remote, stderr);
  expect([code, retry]).toEqual(want);
});

it.each([
  ['fatal: write error: No space left on device\n', true],
  ['fatal: write error: No space left on device\nfatal: early EOF\n', true],
  ['error: index-pack died\nfatal: index-pack failed\n', true],
  ['fatal: early EOF\nfatal: index-pack failed\n', false],
  ['remote: fatal: write error: No space left on device\n', false],
])('a fetch that fails with %j failed on this side: %s', (stderr, want) => {
  expect(isStoreTrouble(stderr)).toBe(want);
});

it('names the full disk, whatever else git complains of', () => {
  const stderr = 'fatal: early EOF\nerror: file write error: No space left on device\n';
  expect(storeFailure('take in a fetch', stderr)).toMatchObject({
    code: 'git/store',
    message:
      'the local Git store failed to take in a fetch (error: file write error: No space left on device); make room there, or name another folder by LOCKKEEPER_CACHE_DIR',
  });
});

it.each([
  // git with uploadpackfilter.blob:none.allow=false, JGit, git before protocol v2
  ["fatal: remote error: filter 'blob:none' not supported\n", true],
  ['fatal: remote error: want 1234567890123456789012345678901234567890 not valid\n', true],
  ['error: Server does not allow request for unadvertised object 1234567\n', true],
  ['error: RPC failed\nfatal: remote error: upload-pack: not our ref 1234567\n', true],
  ['error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\n', false],
  ['fatal: remote error: access denied or repository not exported: /config.git\n', false],
  ['remote: filter your branches\nfatal: early EOF\n', false],
])('tells a refusal to give out a part of a commit from others: %s', (stderr, isRefused) => {
  expect(refusedPart(remote, stderr)?.code).toBe(isRefused ? 'git/unsupported' : undefined);
});
