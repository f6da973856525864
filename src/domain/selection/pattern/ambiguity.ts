/**
 * Is there, at every point of a match, at most one way to take the next character? Then a
 * backtracking matcher has nothing to come back to: each alternative it left open fails within one
 * character, and its time is linear from each starting point.
 *
 * This is the strong form of "one-unambiguous regular expression" (Brüggemann-Klein and Wood, 1998),
 * over Glushkov positions: not only may no two positions follow that share a character, also no
 * position may follow by two routes (the `(a+)+` kind of blow-up), and the empty string may be
 * matched in one way only.
 */
import type { CharSet } from './char-set.ts';
import type { PatternNode } from './syntax.ts';

/** What a piece may start with, which positions it may end at, and whether it may be empty. */
interface Shape {
  readonly nullable: boolean;
  readonly first: CharSet;
  readonly last: readonly number[];
}

/** Characters that may come next, for each position seen so far. */
type Followers = CharSet[];

const EMPTY: Shape = { nullable: true, first: 0n, last: [] };

/** True when a match of `node` never has a choice. Repetitions are counted out. */
export function isUnambiguous(node: PatternNode): boolean {
  return shapeOf(node, []) !== undefined;
}

/** @returns undefined when the node, or its place, is ambiguous */
function shapeOf(node: PatternNode, followers: Followers): Shape | undefined {
  switch (node.kind) {
    case 'chars':
      return { nullable: false, first: node.set, last: [followers.push(0n) - 1] };
    case 'group':
      return shapeOf(node.body, followers);
    case 'sequence':
      return node.items.reduce<Shape | undefined>(
        (before, item) => before && append(before, shapeOf(item, followers), followers),
        EMPTY,
      );
    case 'choice':
      return node.branches
        .map((branch) => shapeOf(branch, followers))
        .reduce((one, other) => one && other && either(one, other));
    case 'repeat':
      return repeated(node, followers);
  }
}

function append(before: Shape, after: Shape | undefined, followers: Followers): Shape | undefined {
  if (after === undefined || !link(before.last, after.first, followers)) return undefined;
  if (before.nullable && overlap(before.first, after.first)) return undefined;
  return {
    nullable: before.nullable && after.nullable,
    first: before.nullable ? before.first | after.first : before.first,
    last: after.nullable ? [...before.last, ...after.last] : after.last,
  };
}

function either(one: Shape, other: Shape): Shape | undefined {
  if (overlap(one.first, other.first) || (one.nullable && other.nullable)) return undefined;
  return {
    nullable: one.nullable || other.nullable,
    first: one.first | other.first,
    last: [...one.last, ...other.last],
  };
}

/** `x{2,4}` as `xx(x(x)?)?`, `x{2,}` as `xx+`; built from the inside out. */
function repeated(node: PatternNode & { kind: 'repeat' }, followers: Followers): Shape | undefined {
  const endless = node.max === Infinity;
  const copies = endless ? Math.max(node.min, 1) : node.max;
  let whole: Shape | undefined;
  for (let copy = copies - 1; copy >= 0; copy--) {
    const body = shapeOf(node.body, followers);
    // a body that may be empty can be repeated in many ways
    if (body === undefined || body.nullable) return undefined;
    const isInnermost = whole === undefined;
    if (isInnermost && endless && !link(body.last, body.first, followers)) return undefined;
    const joined = whole === undefined ? body : append(body, whole, followers);
    if (joined === undefined) return undefined;
    whole = copy >= node.min ? { ...joined, nullable: true } : joined;
  }
  return whole;
}

/** Lets `next` follow each of `positions`. @returns false when something there already may */
function link(positions: readonly number[], next: CharSet, followers: Followers): boolean {
  for (const position of positions) {
    const known = followers[position] ?? 0n;
    if (overlap(known, next)) return false;
    followers[position] = known | next;
  }
  return true;
}

function overlap(a: CharSet, b: CharSet): boolean {
  return (a & b) !== 0n;
}
