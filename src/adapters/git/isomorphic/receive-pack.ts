import { AppError } from '../../../domain/errors.ts';
import type { PushResult } from '../../../ports/ports.ts';
import type { MadeCommit, RefMove } from '../engine.ts';
import { oneLine, readRefusal } from '../refusal.ts';
import type { Remote } from '../remote.ts';
import { advertisedRefs } from './advertisement.ts';
import { FLUSH, lineOf, packet, sideBands } from './pkt-line.ts';
import { readPackets, type SmartHttp } from './smart-http.ts';

/** The id that stands for "no such ref". */
const NONE = '0'.repeat(40);

/**
 * Moves a ref at the remote (gitprotocol-pack, "pushing data to a server"). The server itself compares
 * the ref with what it is to be at when it moves it; nothing is ever forced.
 * @param pack makes the pack with the objects that the remote lacks
 */
export async function pushPack(
  { remote, http, signal }: { remote: Remote; http: SmartHttp; signal: AbortSignal },
  move: RefMove,
  pack: (commit: MadeCommit) => Promise<Uint8Array>,
): Promise<PushResult> {
  const offer = advertisedRefs(
    readPackets(remote, await http.discover('git-receive-pack', 0, signal)),
  );
  if (offer.version === 2 || !offer.capabilities.has('report-status')) {
    throw unsupported(remote, 'does not report what became of a push');
  }
  const { ref, to, options } = move;
  const now = offer.refs.get(ref) ?? NONE;
  if (!isAsExpected(now, move)) return readRefusal(remote, ref, { reason: 'stale info' });
  const capabilities = wantedCapabilities(remote, move, offer.capabilities);
  const command = `${now} ${to?.id ?? NONE} ${ref}\0${capabilities.join(' ')}`;
  const body = Buffer.concat([
    packet(command),
    FLUSH,
    ...(options.length === 0 ? [] : [...options.map(packet), FLUSH]),
    ...(to === undefined ? [] : [await pack(to)]),
  ]);
  const answer = await http.call('git-receive-pack', { version: 0, body, signal });
  return readReport({ remote, ref }, answer, capabilities.includes('side-band-64k'));
}

function isAsExpected(now: string, { expected, to }: RefMove): boolean {
  if (expected === 'ancestor') return now === NONE || now === to?.parent;
  return now === (expected === 'absent' ? NONE : expected.commit);
}

/** @throws AppError `git/unsupported` when the server cannot do what is asked for */
function wantedCapabilities(
  remote: Remote,
  { to, options }: RefMove,
  offered: ReadonlySet<string>,
): string[] {
  const needed = [
    ...(to === undefined ? ['delete-refs'] : []),
    ...(options.length === 0 ? [] : ['push-options']),
  ];
  for (const name of needed) {
    if (offered.has(name)) continue;
    const what = name === 'push-options' ? 'takes no push options' : 'lets no ref be deleted';
    throw unsupported(remote, what);
  }
  return ['report-status', 'side-band-64k', ...needed].filter((name) => offered.has(name));
}

function unsupported(remote: Remote, what: string): AppError {
  return new AppError('git/unsupported', `${remote.display} ${what}`);
}

function readReport(
  { remote, ref }: { remote: Remote; ref: string },
  answer: Buffer,
  hasBands: boolean,
): PushResult {
  const outer = readPackets(remote, answer);
  const bands = hasBands ? sideBands(outer) : undefined;
  if (bands !== undefined && bands.error !== '') throw failed(remote, bands.error);
  const report = bands === undefined ? outer : readPackets(remote, bands.data);
  const lines = report.flatMap((item) => (typeof item === 'string' ? [] : [lineOf(item)]));
  const refusal = lines.find((line) => line.startsWith(`ng ${ref} `));
  if (refusal !== undefined) {
    const reason = refusal.slice(`ng ${ref} `.length);
    return readRefusal(remote, ref, { reason, detail: bands?.progress ?? '' });
  }
  if (lines.includes('unpack ok') && lines.includes(`ok ${ref}`)) return { kind: 'pushed' };
  throw failed(remote, lines[0] ?? 'an empty answer');
}

function failed(remote: Remote, words: string): AppError {
  return new AppError(
    'git/unreachable',
    `${remote.display} did not take the push (${oneLine(remote, words)})`,
    { retry: true },
  );
}
