import { AppError } from '../../../domain/errors.ts';
import type { PushResult } from '../../../ports.ts';
import type { RefMove } from '../engine.ts';
import { oneLine, readRefusal } from '../refusal.ts';
import type { Remote } from '../remote.ts';
import { advertisedRefs } from './advertisement.ts';
import { FLUSH, lineOf, packet, sideBands } from './pkt-line.ts';
import { readPackets, type SmartHttp } from './smart-http.ts';

/**
 * Moves a ref at the remote (gitprotocol-pack, "pushing data to a server").
 * The server itself compares the ref with `from` when it moves it; nothing is ever forced.
 * @param pack makes the pack with the objects that the remote lacks
 */
export async function pushPack(
  { remote, http, signal }: { remote: Remote; http: SmartHttp; signal: AbortSignal },
  { ref, from, to }: RefMove,
  pack: () => Promise<Uint8Array>,
): Promise<PushResult> {
  const offer = advertisedRefs(
    readPackets(remote, await http.discover('git-receive-pack', 0, signal)),
  );
  if (offer.version === 2 || !offer.capabilities.has('report-status')) {
    throw new AppError(
      'git/unsupported',
      `${remote.display} does not report what became of a push`,
    );
  }
  const now = offer.refs.get(ref);
  if (now !== from) return readRefusal(remote, 'stale info', '');
  const capabilities = ['report-status', 'side-band-64k'].filter((name) =>
    offer.capabilities.has(name),
  );
  const command = `${from} ${to} ${ref}\0${capabilities.join(' ')}`;
  const body = Buffer.concat([packet(command), FLUSH, await pack()]);
  const answer = await http.call('git-receive-pack', { version: 0, body, signal });
  return readReport({ remote, ref }, answer, capabilities.includes('side-band-64k'));
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
    return readRefusal(remote, refusal.slice(`ng ${ref} `.length), bands?.progress ?? '');
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
