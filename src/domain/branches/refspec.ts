import { AppError } from '../errors.ts';
import { attempt } from '../resources/attempt.ts';
import { checkBranch } from '../resources/git-names.ts';

/**
 * Reads `spec.push.refspec`: `SOURCE:REF`. The source is what is being pushed anyway, by a name that it has in
 * a clone: `HEAD`, or the branch that is read or pushed to. Nothing can be forced or deleted by it.
 * @param branches names that the source may have; none that is known: any name goes
 * @returns the full name of the ref that is pushed to
 * @throws AppError `resource/invalid`
 */
export function parseRefspec(refspec: string, branches: readonly string[]): string {
  const { source, ref } = partsOf(refspec);
  const [first] = branches;
  const isOurs = source === 'HEAD' || branches.includes(source.replace(/^refs\/heads\//, ''));
  if (first === undefined || isOurs) return ref;
  throw invalid(
    `a refspec for ${JSON.stringify(source)} would push something else than our commits; begin it with HEAD: or refs/heads/${first}:`,
  );
}

function partsOf(refspec: string): { readonly source: string; readonly ref: string } {
  if (refspec.startsWith('+')) throw invalid('nothing is ever forced: leave out the "+"');
  const [source = '', ref = '', ...more] = refspec.split(':');
  if (source === '' && ref !== '') throw invalid('nothing is deleted: begin with HEAD:');
  if (ref === '' || more.length > 0 || !ref.startsWith('refs/')) {
    throw invalid('must be HEAD:REF with the full name of a ref, such as HEAD:refs/for/main');
  }
  checkName(source.replace(/^refs\/heads\//, ''));
  checkName(ref.slice('refs/'.length));
  return { source, ref };
}

/** What goes for a branch goes for the rest of a ref's name, too. */
function checkName(name: string): void {
  if (attempt(() => checkBranch(name)) instanceof AppError) {
    throw invalid(`${JSON.stringify(name)} cannot be in the name of a ref`);
  }
}

function invalid(message: string): AppError {
  return new AppError('resource/invalid', message);
}
