import { toSeconds } from '../../api/conditions.ts';
import type { GateVerdict, Waiting } from '../gates/gate-verdict.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import { judgeSoak, targetOfText, type SoakRule } from './soak.ts';
import { NO_IMAGE, UNSEEN } from './timeline.ts';
import type { PromotionSource } from './promotion-source.ts';

/** A source whose locations were seen. */
export type SeenSource = Extract<PromotionSource, { kind: 'seen' }>;

/**
 * What `spec.promoteFrom` says of a tag, by what the locations of the followed policy have run. With a digest it
 * is the very image that has soaked, where the locations name one. The same facts give the same words:
 * status does not change while nothing but time goes by.
 */
export function promotionVerdict(tag: string, source: SeenSource, rule: SoakRule): GateVerdict {
  const closed = (message: string, reason: 'Soaking' | 'NotPromoted') =>
    ({ kind: 'closed', reason, message }) as const;
  const { followed, soaking: seen } = source;
  const verdict = judgeSoak(tag, seen, rule);
  switch (verdict.kind) {
    case 'soaked': {
      const { digest, next } = verdict;
      return {
        kind: 'open',
        ...(digest === undefined ? {} : { digest }),
        ...(next === undefined
          ? {}
          : { later: soaking(next, `as ${next.digest} soaks`, followed) }),
      };
    }
    case 'soaking':
      return soaking(verdict, 'soaks', followed);
    case 'unseen':
      return closed(
        `has soaked in ${followed} at ${toSeconds(verdict.until)}, if its locations still hold it: their repo is to be looked at first`,
        'Soaking',
      );
    case 'short': {
      const [since, until] = [verdict.since, verdict.until].map(toSeconds);
      return closed(
        `was in all locations of ${followed} from ${since} to ${until} alone, which is less than the soak`,
        'NotPromoted',
      );
    }
    case 'taken-back':
      return closed(`was taken back in ${followed} at ${toSeconds(verdict.at)}`, 'NotPromoted');
    case 'not-run':
      return closed(`has not run in ${followed}, which holds ${heldText(source)}`, 'NotPromoted');
  }
}

function soaking(
  { since, until }: { readonly since: Date; readonly until: Date },
  what: string,
  followed: PolicyKey,
): Waiting {
  const message = `${what} in ${followed} until ${toSeconds(until)}; all its locations hold it since ${toSeconds(since)}`;
  return { kind: 'waiting', reason: 'Soaking', message, firstSeen: since, eligibleAt: until };
}

/** Such as `6.1.0 and 7.0.0 (not allowed here)`. */
function heldText({ soaking: { timeline }, allows = () => true }: SeenSource): string {
  const images = (timeline.at(-1)?.images ?? []).filter((image) => image !== UNSEEN);
  const texts = images.map((image) => {
    if (image === NO_IMAGE) return 'no tag';
    const { tag } = targetOfText(image);
    return tag === undefined || allows(tag) ? image : `${image} (not allowed here)`;
  });
  return texts.length < 2
    ? (texts[0] ?? 'nothing')
    : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}
