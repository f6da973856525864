import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AttachedSignature } from '../../../src/domain/signature/attached-signature.ts';
import { ROOT } from '../../support/cli.ts';
import { loopbackClient, plainAccess, teamApp } from '../../support/registry/client.ts';
import { makeSigner } from '../../support/signature/cosign-signer.ts';
import { verifySignatures } from '../../support/signature/verify.ts';

/** What a registry holds after `cosign sign --key`, version 3.1.3, as it was recorded. */
interface Recording {
  readonly image: string;
  readonly publicKey: string;
  readonly manifests: Readonly<Record<string, string>>;
  readonly blobs: Readonly<Record<string, string>>;
}

const FOLDER = join(ROOT, 'test/fixtures/signatures/cosign-3.1.3');
const recordings = readdirSync(FOLDER).map((file) => ({
  name: file.replace('.json', ''),
  recording: JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recording,
}));

async function signaturesIn({ manifests, blobs, image }: Recording) {
  const { registry, server } = await loopbackClient(({ url }) => {
    const [, kind, name = ''] = /^\/v2\/team\/app\/(manifests|blobs)\/(.*)$/.exec(url) ?? [];
    const body = kind === 'blobs' ? blobs[name] : manifests[name];
    return body === undefined ? { status: 404, body: {} } : { body };
  });
  const never = new AbortController().signal;
  return registry.signatures(teamApp(server.host), image, plainAccess(), never);
}

const byKey = (pem: string) => ({ keys: [{ name: 'cosign.pub', pem }], identities: [] });

describe.each(recordings)('a signature that cosign 3.1.3 made ($name)', ({ recording }) => {
  it('is found and accepted', async () => {
    const { signatures } = await signaturesIn(recording);
    expect(signatures).toHaveLength(1);
    await expect(
      verifySignatures(recording.image, signatures, byKey(recording.publicKey)),
    ).resolves.toEqual({ kind: 'verified', by: 'signed with cosign.pub' });
  });

  it('is refused for another key, for another image, and when it was changed', async () => {
    const { signatures } = await signaturesIn(recording);
    const [signature] = signatures;
    if (signature === undefined) throw new Error('nothing was found');
    const other = `sha256:${'b'.repeat(64)}`;
    const verdicts = await Promise.all([
      verifySignatures(recording.image, signatures, byKey(makeSigner().publicKey)),
      verifySignatures(other, signatures, byKey(recording.publicKey)),
      verifySignatures(
        recording.image,
        [withOneByteChanged(signature)],
        byKey(recording.publicKey),
      ),
    ]);
    expect(verdicts.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
  });
});

/** Changes white space within the payload: the claim stays, the bytes differ. */
function withOneByteChanged(signature: AttachedSignature): AttachedSignature {
  if (signature.kind === 'simple-signing')
    return { ...signature, payload: Buffer.concat([signature.payload, Buffer.from(' ')]) };
  const bundle = JSON.parse(Buffer.from(signature.json).toString()) as {
    dsseEnvelope: { payload: string };
  };
  const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64');
  bundle.dsseEnvelope.payload = Buffer.concat([payload, Buffer.from(' ')]).toString('base64');
  return { kind: 'bundle', json: Buffer.from(JSON.stringify(bundle)) };
}
