import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../free-port.ts';

/** A key that the server lets in. */
export interface UserKey {
  /** Name of its files. */
  readonly name: string;
  readonly type?: 'ed25519' | 'ecdsa' | 'rsa';
  readonly passphrase?: string;
  /** PEM instead of OpenSSH's own format. */
  readonly isPem?: boolean;
  /** A shell command that runs instead of whatever is asked for, as `$SSH_ORIGINAL_COMMAND`. */
  readonly command?: string;
}

/** A running OpenSSH server on loopback, and keys that it lets in. */
export interface SshServer {
  /** Text of the first private key. */
  readonly identity: string;
  /** Trusts this server's host key and no other. */
  readonly knownHosts: string;
  /** Another host key than the server's, as a line of `known_hosts` for this server. */
  readonly wrongKnownHosts: string;
  /** Makes a further key. @returns the text of its private half */
  addKey(key: UserKey): string;
  /** Makes a key that is not let in. @returns the text of its private half */
  strangeKey(name: string): string;
  /** `ssh://` address of a repo by its absolute path. */
  url(repoPath: string): string;
  /** Value for GIT_SSH_COMMAND: the right key, and only this host's key is trusted. */
  readonly sshCommand: string;
  close(): Promise<void>;
}

/** How long the server may take to listen, in ms. */
const START_TIMEOUT_MS = 15_000;

/** Starts `sshd` with its keys and configuration in `folder`. */
export async function startSshServer(folder: string): Promise<SshServer> {
  mkdirSync(folder, { recursive: true });
  // The server refuses to start without its privilege separation folder (Debian, Ubuntu).
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd');
  const port = await freePort();
  const authorized = join(folder, 'authorized_keys');
  const hostKey = generateKey(folder, { name: 'host' });
  const addKey = (key: UserKey): string => {
    const file = generateKey(folder, key);
    const options = key.command === undefined ? '' : `command="${key.command}" `;
    appendFileSync(authorized, `${options}${readFileSync(`${file}.pub`, 'utf8')}`);
    return readFileSync(file, 'utf8');
  };
  const identity = addKey({ name: 'user' });
  const knownHosts = join(folder, 'known_hosts');
  const hostLine = (key: string) =>
    `[127.0.0.1]:${port} ${readFileSync(join(folder, `${key}.pub`), 'utf8')}`;
  writeFileSync(knownHosts, hostLine('host'));
  const config = join(folder, 'sshd_config');
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      // The cheapest of those that are secure: there are many connections, and few cores.
      'KexAlgorithms curve25519-sha256',
      'PermitUserRC no',
      '',
    ].join('\n'),
  );
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  await waitForPort(port);
  const user = userInfo().username;
  return {
    identity,
    knownHosts: hostLine('host'),
    wrongKnownHosts: hostLine('user'),
    addKey,
    strangeKey: (name) => readFileSync(generateKey(folder, { name }), 'utf8'),
    url: (repoPath) => `ssh://${user}@127.0.0.1:${port}${repoPath}`,
    sshCommand: `ssh -F none -i ${join(folder, 'user')} -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${knownHosts}`,
    close: async () => {
      server.kill();
      await ended;
    },
  };
}

/** @returns path of the private key */
function generateKey(
  folder: string,
  { name, type = 'ed25519', passphrase = '', isPem = false }: UserKey,
): string {
  const file = join(folder, name);
  // The least rounds that there are: tests open it often.
  const args = ['-q', '-t', type, '-N', passphrase, '-a', '1', '-C', 'test', '-f', file];
  execFileSync('ssh-keygen', [...args, ...(isPem ? ['-m', 'PEM'] : [])]);
  return file;
}

async function waitForPort(port: number): Promise<void> {
  const end = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < end) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await delay(50);
  }
  throw new Error('sshd did not start');
}
