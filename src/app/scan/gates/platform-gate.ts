import { missingPlatforms } from '../../../domain/gates/platforms.ts';
import type { ImageLibrary, ImageSource } from '../image-library.ts';
import type { Gate } from './gate.ts';

/**
 * `spec.platforms`: a candidate must provide all of them. Costs one HEAD for each candidate and scan, for
 * platforms may still be being pushed; and for each new digest one or two requests, once.
 */
export function platformGate(
  wanted: readonly string[],
  library: ImageLibrary,
  source: ImageSource,
): Gate {
  return {
    ask: async (candidate, signal) => {
      const digest = await candidate.digest(signal);
      const provided = await library.platforms(source, digest, signal);
      await library.save(source);
      return missingPlatforms(wanted, provided);
    },
  };
}
