import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { run } from '../support/captured-io.ts';

const COMMANDS = [
  'select',
  'update',
  'run',
  'status',
  'receivers',
  'lock',
  'unlock',
  'locks',
  'validate',
  'crds',
  'demo',
] as const;

describe('the command line', () => {
  it('prints its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  it('lists its commands in its help', async () => {
    const { code, out, err } = await run(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  it.each(COMMANDS)('shows examples in the help of %s', async (command) => {
    const { code, out, err } = await run([command, '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`\\nExamples:\\n(  \\$ .*\\n)*  \\$ .*lockkeeper ${command}`));
  });

  it.each([
    { name: 'no command', argv: [], says: /Usage: lockkeeper/ },
    { name: 'an unknown command', argv: ['updat', '.'], says: /unknown command 'updat'/ },
    { name: 'an unknown option', argv: ['update', '.', '--foo'], says: /unknown option '--foo'/ },
    {
      name: 'an option without its value',
      argv: ['update', '.', '--policies'],
      says: /argument missing/,
    },
    {
      name: 'a value that is not allowed',
      argv: ['update', '.', '-o', 'xml'],
      says: /Allowed choices are text, json/,
    },
    { name: 'one argument too many', argv: ['validate', 'a', 'b'], says: /too many arguments/ },
    { name: 'a missing argument', argv: ['validate'], says: /missing required argument 'dir'/ },
    {
      name: 'neither folder nor repo',
      argv: ['update'],
      says: /^error: give either a folder or --repo URL\n$/,
    },
    {
      name: 'both folder and repo',
      argv: ['update', '.', '--repo', 'x'],
      says: /^error: give either a folder/,
    },
    {
      name: 'a branch of a folder',
      argv: ['locks', '.', '--branch', 'x'],
      says: /^error: --branch goes with --repo\n$/,
    },
    {
      name: '--commit with a repo',
      argv: ['update', '--repo', 'https://x.example/y.git', '--commit'],
      says: /^error: --repo always commits\n$/,
    },
    {
      name: 'a folder of resources for a cluster',
      argv: ['run', '--config', 'x'],
      says: /^error: --config goes with --standalone\n$/,
    },
    {
      name: 'a controller without resources',
      argv: ['run', '--standalone'],
      says: /^error: --standalone needs --config DIR\n$/,
    },
    {
      name: 'a folder that is not there',
      argv: ['validate', '/nonexistent/x'],
      says: /^error: .*\/nonexistent\/x/,
    },
    {
      name: 'a file where a folder is meant',
      argv: ['validate', 'package.json'],
      says: /^error: package\.json is not a folder\n$/,
    },
    {
      name: 'a file where definitions are to be put',
      argv: ['crds', '--out', 'package.json'],
      says: /^error: cannot write to the folder package\.json: .*\n$/,
    },
    {
      name: 'a lock on a repo that is to be committed',
      argv: ['unlock', 'Deployment/x', '--repo', 'https://git.example.com/x.git', '--commit'],
      says: /^error: --repo always commits\n$/,
    },
    {
      name: 'policies that are not there',
      argv: ['update', '.', '--policies', '/nonexistent/x'],
      says: /^error: cannot read \/nonexistent\/x/,
    },
    {
      name: 'certificates that are not there',
      argv: ['update', '.', '--ca-file', '/nonexistent/x'],
      says: /^error: cannot read the certificates in \/nonexistent\/x\n$/,
    },
  ])('ends with 2 and says why for $name', async ({ argv, says }) => {
    const { code, out, err } = await run(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
  });

  it('refuses settings in the environment that make no sense', async () => {
    const env = { LOCKKEEPER_GIT_ENGINE: 'svn' };
    const { code, err } = await run(['validate', '.'], { env });
    expect(code).toBe(2);
    expect(err).toMatch(/^error: environment: LOCKKEEPER_GIT_ENGINE: .*\n$/);
  });
});
