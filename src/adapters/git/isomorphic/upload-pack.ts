import { AppError } from '../../../domain/errors.ts';
import { isPartRefusal, oneLine, partRefusal, sha256Refusal } from '../refusal.ts';
import type { Remote } from '../remote.ts';
import { advertisedRefs, type Advertisement } from './advertisement.ts';
import type { KnownHistory } from './known-history.ts';
import {
  barePackAt,
  DELIMITER,
  FLUSH,
  lineOf,
  packet,
  sideBands,
  type Packet,
} from './pkt-line.ts';
import { readPackets, type SmartHttp } from './smart-http.ts';

/**
 * Reading from a remote: protocol v2 where the server has it, which lists one ref and gives out any
 * commit, else the first protocol, which lists all refs (gitprotocol-v2, gitprotocol-pack).
 */
export class UploadPack {
  readonly #remote: Remote;
  readonly #http: SmartHttp;
  /** Of a server that speaks v2: remembered, so that a further ref listing is one request. */
  #v2: Extract<Advertisement, { version: 2 }> | undefined;
  /** Does the server leave out what is not asked for? Undefined: it has not been contacted yet. */
  #filters: boolean | undefined;

  constructor(remote: Remote, http: SmartHttp) {
    this.#remote = remote;
    this.#http = http;
  }

  /** Commits of these refs, by name; one that is not there is left out. */
  async heads(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const offer = await this.#offer(signal);
    if (offer.version === 0) return only(refs, offer.refs);
    const body = Buffer.concat([
      packet('command=ls-refs'),
      DELIMITER,
      ...refs.map((ref) => packet(`ref-prefix ${ref}`)),
      FLUSH,
    ]);
    const lines = this.#read(
      await this.#http.call('git-upload-pack', { version: 2, body, signal }),
    );
    const listed = lines.flatMap((item) => {
      const [id, name] = typeof item === 'string' ? [] : lineOf(item).split(' ');
      return id === undefined || name === undefined ? [] : [[name, id] as const];
    });
    return only(refs, new Map(listed));
  }

  /** Can commits be had alone? Only protocol v2 is asked. */
  async filters(signal: AbortSignal): Promise<boolean> {
    if (this.#filters === undefined) await this.#offer(signal);
    return this.#filters === true;
  }

  /**
   * A commit with as much of its history as is asked for, or blobs by their ids, as a pack.
   * @throws AppError `git/not-found` when the commit is no longer at the remote, `git/unsupported` when the remote does
   * not give out less than everything
   */
  async fetch(wanted: WantedCommits | WantedIds, signal: AbortSignal): Promise<Buffer> {
    const offer = await this.#offer(signal);
    const { version } = offer;
    const isPart = 'ids' in wanted || wanted.without !== undefined;
    if (isPart && version !== 2) throw partRefusal(this.#remote, 'it has no protocol v2');
    const refused = (words: string) =>
      isPart && isPartRefusal(words)
        ? partRefusal(this.#remote, oneLine(this.#remote, words))
        : this.#refused(words);
    const body = bodyOf(wanted, offer);
    const answer = await this.#http.call('git-upload-pack', { version, body, signal });
    const packAt = barePackAt(answer);
    const { data, error } = sideBands(this.#read(answer.subarray(0, packAt), refused));
    if (error !== '') throw refused(error);
    const pack = packAt < answer.length ? answer.subarray(packAt) : data;
    if (pack.length === 0) throw refused('an empty answer');
    return pack;
  }

  async #offer(signal: AbortSignal): Promise<Advertisement> {
    if (this.#v2 !== undefined) return this.#v2;
    const bytes = await this.#http.discover('git-upload-pack', 2, signal);
    const offer = advertisedRefs(this.#read(bytes));
    if (offer.capabilities.has('object-format=sha256')) throw sha256Refusal(this.#remote);
    if (offer.version === 2) this.#v2 = offer;
    // "fetch=shallow wait-for-done filter" (gitprotocol-v2)
    const fetching = [...offer.capabilities].find((line) => line.startsWith('fetch='));
    this.#filters = offer.version === 2 && /[= ]filter( |$)/.test(fetching ?? '');
    return offer;
  }

  /** All packets, once none of them is a refusal. */
  #read(bytes: Buffer, refused = (words: string) => this.#refused(words)): Packet[] {
    const all = readPackets(this.#remote, bytes);
    for (const item of all) {
      if (typeof item === 'string') continue;
      if (item.toString('latin1', 0, 4) === 'ERR ') throw refused(lineOf(item).slice(4));
    }
    return all;
  }

  #refused(words: string): AppError {
    const { display, branch } = this.#remote;
    const reason = oneLine(this.#remote, words);
    if (/not our ref|unadvertised/.test(words)) {
      return new AppError(
        'git/not-found',
        `the commit is no longer on ${branch} at ${display}; try again (${reason})`,
        { retry: true },
      );
    }
    return new AppError('git/unreachable', `${display} did not send the commit (${reason})`, {
      retry: true,
    });
  }
}

/** Commits that are to be fetched. */
interface WantedCommits {
  readonly commit: string;
  /** 1: the commit alone. */
  readonly depth: number;
  readonly known: KnownHistory;
  /** What is left out, besides; see {@link UploadPack.filters}. */
  readonly without?: 'blobs' | 'trees and blobs';
}

/** Single objects that are to be fetched. */
interface WantedIds {
  readonly ids: readonly string[];
}

function bodyOf(wanted: WantedCommits | WantedIds, offer: Advertisement): Buffer {
  if ('ids' in wanted) return fetchIds(wanted);
  return offer.version === 2 ? fetchV2(wanted) : fetchV0(wanted, offer);
}

/** Those of the listed refs that were asked for: a prefix also matches longer names. */
function only(
  refs: readonly string[],
  listed: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map([...listed].filter(([name]) => refs.includes(name)));
}

function knownLines({ have, shallow }: KnownHistory): { shallow: Buffer[]; have: Buffer[] } {
  return {
    shallow: shallow.map((id) => packet(`shallow ${id}`)),
    have: have.map((id) => packet(`have ${id}`)),
  };
}

function fetchIds({ ids }: WantedIds): Buffer {
  return Buffer.concat([
    packet('command=fetch'),
    DELIMITER,
    packet('no-progress'),
    packet('ofs-delta'),
    ...ids.map((id) => packet(`want ${id}`)),
    packet('done'),
    FLUSH,
  ]);
}

function fetchV2({ commit, depth, known: history, without }: WantedCommits): Buffer {
  const known = knownLines(history);
  return Buffer.concat([
    packet('command=fetch'),
    DELIMITER,
    // Without it the server sends the whole tree again, since a shallow commit has no history.
    ...(without === 'trees and blobs' ? [] : [packet('thin-pack')]),
    ...(without === undefined ? [] : [packet(`filter ${FILTERS[without]}`)]),
    packet('no-progress'),
    packet('ofs-delta'),
    packet(`want ${commit}`),
    ...known.shallow,
    packet(`deepen ${depth}`),
    ...known.have,
    packet('done'),
    FLUSH,
  ]);
}

/** As git-rev-list has them. */
const FILTERS = { blobs: 'blob:none', 'trees and blobs': 'tree:0' };

function fetchV0(
  { commit, depth, known: history }: WantedCommits,
  offer: Extract<Advertisement, { version: 0 }>,
): Buffer {
  const known = knownLines(history);
  const wanted = ['side-band-64k', 'thin-pack', 'ofs-delta', 'no-progress', 'shallow'];
  const capabilities = wanted.filter((name) => offer.capabilities.has(name)).join(' ');
  return Buffer.concat([
    packet(`want ${commit} ${capabilities}`),
    ...known.shallow,
    packet(`deepen ${depth}`),
    FLUSH,
    ...known.have,
    packet('done'),
  ]);
}
