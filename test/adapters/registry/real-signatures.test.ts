import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWithout } from '../../support/registry/availability.ts';
import { clientOf, plainAccess, teamApp } from '../../support/registry/client.ts';
import { createPusher, type Pusher } from '../../support/registry/pusher.ts';
import { startRegistry, type RunningRegistry } from '../../support/registry/start-registry.ts';
import { attachSimple, listReferrers, pushReferrer } from '../../support/signature/attach.ts';
import {
  keyBundle,
  makeSigner,
  signStatement,
  simplePayload,
} from '../../support/signature/cosign-signer.ts';
import { verifySignatures } from '../../support/signature/verify.ts';

const signer = makeSigner();
const requirement = { keys: [{ name: 'cosign.pub', pem: signer.publicKey }], identities: [] };
const never = new AbortController().signal;

/** Neither of the two has a list of referrers: signers fall back to tags. */
describe.each(['distribution', 'docker-registry'] as const)('images in a real %s', (kind) => {
  describe.skipIf(skipWithout(kind))('without a login', () => {
    let server: RunningRegistry;
    let pusher: Pusher;
    beforeAll(async () => {
      server = await startRegistry({ kind });
      pusher = createPusher({ url: server.url, tls: {} }, 'team/app');
    });
    afterAll(async () => {
      await pusher.close();
      await server.stop();
    });

    async function pushImage(tag: string): Promise<string> {
      return (await server.pushTags('team/app', [tag])).get(tag) ?? '';
    }

    async function verdictOn(image: string) {
      const { registry } = clientOf(server.host);
      const attached = await registry.signatures(teamApp(server.host), image, plainAccess(), never);
      return verifySignatures(image, attached.signatures, requirement);
    }

    function simple(image: string, by = signer) {
      const payload = simplePayload(image);
      const signature = by.sign(payload).toString('base64');
      return { payload, annotations: { 'dev.cosignproject.cosign/signature': signature } };
    }

    it('are accepted when signed in cosign’s first format', async () => {
      const image = await pushImage('first-format');
      await attachSimple(pusher, image, [simple(image, makeSigner()), simple(image)]);
      await expect(verdictOn(image)).resolves.toMatchObject({ kind: 'verified' });
    });

    it('are accepted when signed by a bundle among other artifacts', async () => {
      const image = await pushImage('bundle');
      await listReferrers(pusher, image, [
        await pushReferrer(pusher, image, Buffer.from('sbom'), 'text/spdx'),
        await pushReferrer(pusher, image, keyBundle(signer, signStatement(image))),
      ]);
      await expect(verdictOn(image)).resolves.toMatchObject({ kind: 'verified' });
    });

    it('are refused without a signature', async () => {
      await expect(verdictOn(await pushImage('unsigned'))).resolves.toEqual({
        kind: 'refused',
        reason: 'has no signature',
      });
    });

    it('are refused with the signature of another image', async () => {
      const [signed, image] = [await pushImage('signed'), await pushImage('not-signed')];
      await attachSimple(pusher, image, [simple(signed)]);
      await expect(verdictOn(image)).resolves.toEqual({
        kind: 'refused',
        reason: `has a signature for another image, ${signed}`,
      });
    });

    it('are refused once the signature is stripped', async () => {
      const image = await pushImage('stripped');
      await attachSimple(pusher, image, [simple(image)]);
      await expect(verdictOn(image)).resolves.toMatchObject({ kind: 'verified' });
      await attachSimple(pusher, image, []);
      await expect(verdictOn(image)).resolves.toEqual({
        kind: 'refused',
        reason: 'has no signature',
      });
    });
  });
});
