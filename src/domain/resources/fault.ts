import type { ErrorCode } from '../errors.ts';
import type { FieldPath } from './field-path.ts';

/** Something wrong with one field of a resource, before it is placed in a file. */
export interface Fault {
  readonly code: ErrorCode;
  readonly path: FieldPath;
  /** What is wrong and the mend, without the path. */
  readonly message: string;
  /** Is the name of the field at fault, rather than its value? */
  readonly onKey?: boolean;
}
