import type { Environment } from '../engine.ts';
import type { Remote } from '../remote.ts';

/**
 * The user's `GIT_*` variables that still count: where settings, programs and certificates are.
 * Everything else (GIT_DIR, GIT_TRACE, GIT_CONFIG_COUNT …) would change what we mean or leak.
 */
const KEPT = new Set([
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_EXEC_PATH',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
]);

/** Settings of every run: nothing prompts, nothing runs hooks, a dead transfer ends. */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.askPass', ''],
  ['credential.interactive', 'never'],
  // Redirects are reported instead: a login must not travel to a host that nobody named.
  ['http.followRedirects', 'false'],
  // Under 1,000 bytes/s for a minute is a dead connection.
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '60'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['push.gpgSign', 'false'],
  ['push.followTags', 'false'],
  // Housekeeping happens inside a fetch, never behind our back. Unpushed commits survive an hour.
  ['gc.autoDetach', 'false'],
  ['maintenance.autoDetach', 'false'],
  ['gc.auto', '2000'],
  ['gc.autoPackLimit', '20'],
  ['gc.pruneExpire', '1.hour.ago'],
];

/** Files written for one remote, by their absolute paths. */
export interface RemoteFiles {
  /** All certificates that are trusted. */
  readonly ca?: string;
  /** The client certificate. */
  readonly cert?: string;
  readonly key?: string;
  readonly identity?: string;
  readonly knownHosts?: string;
  /** A program that prints the identity's passphrase, which is in its environment ({@link ASK_PASS}). */
  readonly askPass?: string;
}

/**
 * Environment for `git` against a remote. The login travels here, since other users can read a
 * process's arguments but not its environment.
 */
export function remoteEnvironment(
  ambient: Environment,
  remote: Remote,
  files: RemoteFiles,
): Record<string, string> {
  const settings = [...SETTINGS];
  if (remote.authorization !== undefined) {
    const key = `http.${remote.url}.extraHeader`;
    settings.push(
      ['credential.helper', ''],
      [key, ''],
      [key, `Authorization: ${remote.authorization}`],
    );
  }
  settings.push(...proxySettings(remote, files));
  return {
    ...baseEnvironment(
      remote.kind === 'http' ? withoutProxies(ambient, remote) : ambient,
      settings,
    ),
    ...(files.ca === undefined ? {} : { GIT_SSL_CAINFO: files.ca }),
    ...(files.cert === undefined || files.key === undefined
      ? {}
      : { GIT_SSL_CERT: files.cert, GIT_SSL_KEY: files.key }),
    ...sshEnvironment(remote, files),
  };
}

/** The proxy, with its login: as settings, which travel as variables, too. */
function proxySettings(
  { url, proxy }: Remote,
  { ca }: RemoteFiles,
): readonly (readonly [string, string])[] {
  if (proxy === undefined) return [];
  const { login } = proxy;
  const address = new URL(proxy.url);
  address.username = encodeURIComponent(login?.username ?? '');
  address.password = encodeURIComponent(login?.password ?? '');
  return [
    [`http.${url}.proxy`, address.href],
    [`http.${url}.proxyAuthMethod`, login === undefined ? 'anyauth' : 'basic'],
    // The user's helpers would be told of the login, to keep or to forget it.
    [`credential.${proxy.url}.helper`, ''],
    ...(ca === undefined ? [] : [['http.proxySSLCAInfo', ca] as const]),
  ];
}

/** Which proxy there is has been decided by rules that hold for every engine; curl's are others. */
function withoutProxies(ambient: Environment, { proxy }: Remote): Environment {
  const gone = new Set(['http_proxy', 'https_proxy', ...(proxy === undefined ? [] : ['no_proxy'])]);
  return Object.fromEntries(
    Object.entries(ambient).filter(([name]) => !gone.has(name.toLowerCase())),
  );
}

/** Environment for `git` with no remote in play. */
export function localEnvironment(ambient: Environment): Record<string, string> {
  return baseEnvironment(ambient, SETTINGS);
}

/** An environment with further settings. */
export function withSettings(
  env: Readonly<Record<string, string>>,
  settings: readonly (readonly [string, string])[],
): Record<string, string> {
  const count = Number(env['GIT_CONFIG_COUNT'] ?? 0);
  const more = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${count + index}`, key],
    [`GIT_CONFIG_VALUE_${count + index}`, value],
  ]);
  return {
    ...env,
    ...Object.fromEntries(more),
    GIT_CONFIG_COUNT: String(count + settings.length),
  };
}

function baseEnvironment(
  ambient: Environment,
  settings: readonly (readonly [string, string])[],
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(ambient)) {
    if (value === undefined || name === 'SSH_ASKPASS') continue;
    // Logins may stand in our own variables, and a child has no use for them.
    if (name.startsWith('LOCKKEEPER_')) continue;
    if (!name.startsWith('GIT_') || KEPT.has(name)) env[name] = value;
  }
  Object.assign(env, {
    LC_ALL: 'C',
    LANGUAGE: '',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    GCM_INTERACTIVE: 'never',
    GIT_ALLOW_PROTOCOL: 'file:http:https:ssh',
    GIT_NO_REPLACE_OBJECTS: '1',
  });
  return withSettings(env, settings);
}

const PASSPHRASE = 'LOCKKEEPER_SSH_PASSPHRASE';

/** The passphrase is neither on disk nor among arguments: the key stays locked, whatever becomes of its file. */
export const ASK_PASS = `#!/bin/sh\nprintf '%s\\n' "$${PASSPHRASE}"\n`;

type SshFiles = Required<Pick<RemoteFiles, 'identity' | 'knownHosts'>> & {
  readonly askPass: string | undefined;
};

function sshEnvironment(
  { ssh }: Remote,
  { identity, knownHosts, askPass }: RemoteFiles,
): Record<string, string> {
  if (identity === undefined || knownHosts === undefined) return {};
  const command = { GIT_SSH_COMMAND: sshCommand({ identity, knownHosts, askPass }) };
  if (askPass === undefined || ssh?.passphrase === undefined) return command;
  return {
    ...command,
    [PASSPHRASE]: ssh.passphrase,
    SSH_ASKPASS: askPass,
    SSH_ASKPASS_REQUIRE: 'force',
    // OpenSSH before 8.4 knows no force, and asks the program where there is a display and no terminal.
    DISPLAY: ':',
  };
}

function sshCommand({ identity, knownHosts, askPass }: SshFiles): string {
  const options = [
    // A batch asks for no passphrase either. Whatever else might be asked for is ruled out below.
    `BatchMode=${askPass === undefined ? 'yes' : 'no'}`,
    'NumberOfPasswordPrompts=1',
    // The passphrase must never be sent as a password.
    'PreferredAuthentications=publickey',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=30',
    'ServerAliveInterval=20',
    `UserKnownHostsFile="${knownHosts}"`,
    // The hosts given are the hosts trusted, whatever this machine knows besides.
    'GlobalKnownHostsFile=/dev/null',
  ];
  return [
    'ssh -F none -i',
    shellQuote(identity),
    ...options.map((option) => `-o ${shellQuote(option)}`),
  ].join(' ');
}

/** One word for a POSIX shell: git runs GIT_SSH_COMMAND through one. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
