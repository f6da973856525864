/** What a commit object says, but for its tree. */
export interface CommitText {
  /** Ids, the first is what the branch was at before. */
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  /** When it was committed. */
  readonly time: Date;
  readonly message: string;
}

/** Who made a commit. */
export interface Signature {
  readonly name: string;
  readonly email: string;
}

/** Reads the content of a commit object: header lines, an empty line, the message (git-commit-tree). What is not there is empty. */
export function readCommitText(text: string): CommitText {
  const end = text.indexOf('\n\n');
  const headers = text.slice(0, end < 0 ? text.length : end).split('\n');
  const values = (name: string): string[] =>
    headers
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  const { time, ...committer } = readSignature(values('committer')[0]);
  const { name, email } = readSignature(values('author')[0]);
  return {
    parents: values('parent'),
    author: { name, email },
    committer,
    time,
    message: end < 0 ? '' : text.slice(end + 2),
  };
}

/** `Name <email> seconds zone`. */
function readSignature(text = ''): Signature & { readonly time: Date } {
  const [, name = '', email = '', seconds = '0'] = /^(.*?) ?<([^>]*)> ?(-?\d+)?/.exec(text) ?? [];
  return { name, email, time: new Date(Number(seconds) * 1000) };
}
