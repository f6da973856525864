import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError } from '../../domain/errors.ts';
import { isUnpromoted, nothingThrough } from '../../domain/gates/held-back.ts';
import { isEmpty, nextMemory } from '../../domain/gates/policy-memory.ts';
import { suspicionOf, type Suspicion } from '../../domain/gates/sanity.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import {
  policyKey,
  reflectsDigest,
  type Choice,
  type PolicyView,
} from '../../domain/plan/policy-view.ts';
import type { ImageOrigin } from '../../domain/pull-requests/change-link.ts';
import type { PromotionSource } from '../../domain/promotion/promotion-source.ts';
import type { TagSelector } from '../../domain/selection/selector.ts';
import type { Clock } from '../../ports/ports.ts';
import type { Deployments } from '../promotion/deployments.ts';
import { candidatesOf } from './candidates.ts';
import type { SignatureChecks } from './gates/signature-checks.ts';
import { checksOf, gatesOf } from './gates/policy-gates.ts';
import { walkCandidates } from './gates/walk-candidates.ts';
import { PolicyMemories, type MemoryStore, type PolicyPast } from './policy-memories.ts';
import type { ImageLibrary } from './image-library.ts';
import type { AccessPorts } from '../access/registry-access.ts';
import { imageSource } from './image-source.ts';
import { PolicySelectors, type TimeSource } from './policy-selectors.ts';
import type { RepositoryScan, RepositoryScans } from './repository-scans.ts';

/** Tags that locks name, by policy: planning asks for their existence and digest. */
export type LockedTags = ReadonlyMap<PolicyKey, ReadonlySet<string>>;

/** What one policy says now, and where that comes from. */
export interface PolicyLook {
  readonly view: PolicyView;
  /** Absent where the policy is suspended, or the tags could not be listed. */
  readonly scan?: RepositoryScan;
  /** Why the choice is `failed`; beside a scan: something else could not be asked for. */
  readonly error?: AppError;
}

/** What views are made from. */
export interface ViewSources extends AccessPorts {
  readonly scans: RepositoryScans;
  /** Keeps what is remembered of policies over restarts. */
  readonly memory: MemoryStore;
  readonly library: ImageLibrary;
  readonly clock: Clock;
  readonly signatures: SignatureChecks;
  /** What the locations hold that policies are promoted from. */
  readonly deployments: Deployments;
}

/** A choice, and which newer candidates were passed over for it. */
type Chosen = Pick<PolicyView, 'choice' | 'passedOver' | 'signedBy'>;

/** What a choice is made from. */
interface Given {
  readonly selector: TagSelector;
  readonly scan: RepositoryScan;
  readonly past: PolicyPast;
  readonly images: TimeSource;
}

/** What each policy says now. Selectors and choices are kept between calls: a scan then costs what is new. */
export class PolicyViews {
  /** Where passes tell what locations hold: promotions are judged by it. */
  readonly deployments: Deployments;
  readonly #sources: ViewSources;
  readonly #memories: PolicyMemories;
  readonly #selectors = new PolicySelectors();

  constructor(sources: ViewSources) {
    this.#sources = sources;
    this.deployments = sources.deployments;
    this.#memories = new PolicyMemories(sources.memory);
  }

  /**
   * A view of each policy. A registry that fails gives its policies a `failed` choice, and leaves
   * the others alone.
   * @throws AppError `cancelled`
   */
  async get(
    policies: readonly ImagePolicy[],
    locked: LockedTags,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<PolicyKey, PolicyView>> {
    const views = policies.map(async (policy) => {
      const key = policyKey(policy);
      const { view } = await this.look(policy, locked.get(key) ?? new Set(), signal);
      return [key, view] as const;
    });
    return new Map(await Promise.all(views));
  }

  /**
   * What an image of a policy's repository says of where it comes from.
   * @param target tag, tag@digest or digest
   * @returns undefined when there is no such image
   */
  originOf(
    policy: ImagePolicy,
    target: string,
    signal: AbortSignal,
  ): Promise<ImageOrigin | undefined> {
    const reference = target.slice(target.indexOf('@') + 1);
    return this.#sources.library.origin(imageSource(policy, this.#sources), reference, signal);
  }

  /** Lets go of what was kept for a policy that is no more. */
  forget(key: PolicyKey): void {
    this.#selectors.forget(key);
    this.#memories.forget(key);
  }

  /** A view of one policy, with the scan behind it. @throws AppError `cancelled` */
  async look(
    policy: ImagePolicy,
    locked: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<PolicyLook> {
    const silent = (choice: Choice): PolicyView => ({
      policy,
      selector: this.#selectors.of(policy),
      choice,
      passedOver: [],
      hasTag: () => undefined,
      digestOf: () => undefined,
      refusalOf: () => undefined,
    });
    const failed = (error: AppError) => ({
      view: silent({ kind: 'failed', message: error.message }),
      error,
    });
    if (policy.spec.suspend) return { view: silent({ kind: 'suspended' }) };
    const scan = await this.#sources.scans.scan(policy, signal);
    if ('error' in scan) return failed(scan.error);
    try {
      if (reflectsDigest(policy)) {
        for (const tag of locked) await this.#sources.scans.digest(policy, scan, tag, signal);
      }
      const refusalOf = await this.#refusals(policy, scan, locked, signal);
      const { library, clock } = this.#sources;
      const images = { library, source: imageSource(policy, this.#sources), now: clock.now() };
      const selector = await this.#selectors.forScan(policy, scan, images, signal);
      const past = await this.#memories.past(policy, scan);
      const given = { selector, scan, past, images };
      const chosen = await this.#confirmed(
        policy,
        given,
        await this.#choose(policy, given, signal),
      );
      const view = {
        policy,
        selector,
        ...chosen,
        hasTag: (tag: string) => hasTag(policy, scan, tag),
        digestOf: (tag: string) => scan.digests.get(tag) ?? undefined,
        refusalOf,
        ...(agesUnknown(policy, past) ? { agesUnknown: true as const } : {}),
      };
      return { view, scan };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'cancelled') throw error;
      return { ...failed(error), scan };
    }
  }

  /** Remembers a choice, unless the scan has to be confirmed by a further one before it counts. */
  async #confirmed(
    policy: ImagePolicy,
    { selector, scan }: Given,
    chosen: Chosen,
  ): Promise<Chosen> {
    let suspicion: Suspicion | undefined;
    await this.#memories.remember(policy, (before) => {
      const after = nextMemory(before, { ...chosen, ...listIn(policy, scan) });
      const { at, tags } = scan;
      const hasTag = (tag: string) => tags.has(tag);
      const compare = (a: string, b: string) => selector.compare(a, b);
      const isExplained = (tag: string) => isUnpromoted(tag, chosen.passedOver);
      suspicion = suspicionOf(before, after, { at, hasTag, compare, isExplained });
      return suspicion === undefined ? after : { ...before, doubt: suspicion.doubt };
    });
    if (suspicion === undefined) return chosen;
    const { message, confirmAt } = suspicion;
    this.#sources.scans.scanAgain(policy, confirmAt);
    return { ...chosen, choice: { kind: 'blocked', reason: 'Unconfirmed', message } };
  }

  /** The newest candidate that all gates let through, if the checks of a choice have nothing against it. */
  async #choose(policy: ImagePolicy, given: Given, signal: AbortSignal): Promise<Chosen> {
    const { scan, past, images } = given;
    const promotion = await this.#promotion(policy, given, signal);
    if (promotion !== undefined && promotion.kind !== 'seen') return unpromoted(promotion);
    const gates = gatesOf(policy, {
      past,
      ...images,
      ...(promotion === undefined ? {} : { promotion }),
    });
    const ranking = this.#selectors.ranking(policy, given, gates.length > 0);
    if (ranking.kind === 'none') return none(ranking.message);
    const candidates = candidatesOf(policy, { scan, ranking, scans: this.#sources.scans });
    const walk = await walkCandidates(candidates, gates, signal);
    const { through, passedOver } = walk;
    if (through === undefined) return { choice: nothingThrough(walk), passedOver };
    const { candidate } = through;
    const version = reflectsDigest(policy)
      ? { digest: await candidate.digest(signal), ...through.version }
      : through.version;
    let vouched: Pick<Chosen, 'signedBy'> = {};
    for (const { check } of checksOf(policy, this.#sources.signatures)) {
      const answer = await check(candidate, version, signal);
      if (answer.kind === 'refused') return { choice: { ...answer, kind: 'blocked' }, passedOver };
      vouched = { signedBy: answer.signedBy };
    }
    return { choice: { kind: 'selected', ...version }, passedOver, ...vouched };
  }

  /** Where a policy is promoted from. Tags that the rules there cannot order are ordered by its own. */
  async #promotion(
    policy: ImagePolicy,
    { selector }: Given,
    signal: AbortSignal,
  ): Promise<PromotionSource | undefined> {
    if (policy.spec.promoteFrom === undefined) return undefined;
    const source = await this.deployments.sourceOf(policy, signal);
    if (source.kind !== 'seen') return source;
    const { soaking } = source;
    const compare = (a: string, b: string) => soaking.compare(a, b) ?? selector.compare(a, b);
    const allows = (tag: string) => selector.select([tag]).kind === 'selected';
    return { ...source, soaking: { ...soaking, compare }, allows };
  }

  /** Why a tag that a lock names may not be written: where signatures are demanded, it has to have one. */
  async #refusals(
    policy: ImagePolicy,
    scan: RepositoryScan,
    locked: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<PolicyView['refusalOf']> {
    const { verify } = policy.spec;
    if (verify === undefined) return () => undefined;
    const refusals = new Map<string, string | undefined>();
    for (const tag of locked) {
      const digest = scan.digests.get(tag);
      if (digest === undefined || digest === null) continue;
      const image = { policy, scan, digest };
      const verdict = await this.#sources.signatures.verdict(image, verify.cosign, signal);
      refusals.set(tag, verdict.kind === 'refused' ? `it ${verdict.reason}` : undefined);
    }
    return (tag) => (refusals.has(tag) ? refusals.get(tag) : 'there is no image of it to verify');
  }
}

function agesUnknown({ spec }: ImagePolicy, { memory }: PolicyPast): boolean {
  return spec.minimumAge !== undefined && isEmpty(memory);
}

function none(message: string): Chosen {
  return { choice: { kind: 'none', message }, passedOver: [] };
}

/** Nothing is promoted, and nothing goes back. */
function unpromoted({ kind, message }: Exclude<PromotionSource, { kind: 'seen' }>): Chosen {
  const reason = kind === 'invalid' ? 'PromotionInvalid' : 'NotPromoted';
  return { choice: { kind: 'blocked', reason, message }, passedOver: [] };
}

/** The tags of a scan, in numbers; a policy that follows one tag lists none. */
function listIn(policy: ImagePolicy, { at, tags, revision }: RepositoryScan) {
  if (policy.spec.policy.digest !== undefined) return {};
  return { list: { at, tagCount: tags.size, revision } };
}

/** A policy that follows one tag never lists them: it knows the tags it has asked about. */
function hasTag(policy: ImagePolicy, scan: RepositoryScan, tag: string): boolean | undefined {
  if (policy.spec.policy.digest === undefined) return scan.tags.has(tag);
  const digest = scan.digests.get(tag);
  return digest === undefined ? undefined : digest !== null;
}
