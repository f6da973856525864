import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gitHubCommit, withSignature } from '../../src/domain/signed-commit.ts';

const HEADERS = 'tree 4b825dc\nauthor Ana <ana@example.com> 1780000000 +0000';
const ARMORED = '-----BEGIN SIGNATURE-----\r\nabc\r\n\r\ndef\r\n-----END SIGNATURE-----\r\n';
const HEADER = 'gpgsig -----BEGIN SIGNATURE-----\n abc\n \n def\n -----END SIGNATURE-----\n';

function signed(content: string): string {
  return new TextDecoder().decode(withSignature(new TextEncoder().encode(content), ARMORED));
}

describe('a signature', () => {
  it('is the last header, each further line behind a space', () => {
    expect(signed(`${HEADERS}\n\nSubject\n\nBody\n`)).toBe(
      `${HEADERS}\n${HEADER}\nSubject\n\nBody\n`,
    );
  });

  it('ends a commit without a message', () => {
    expect(signed(`${HEADERS}\n`)).toBe(`${HEADERS}\n${HEADER}`);
  });
});

describe('a commit that GitHub made', () => {
  // From answers of api.github.com: the ids are those that the commits have there.
  it.each([
    {
      id: 'd9453db1952711963cbb68c37a04bef15959d6e3',
      payload:
        'tree 5066cf31ba4666e5b710a4d11e5cc205d23860c3\nparent 6dabf19a47cdde0bc01c96710051ba04de9f902f\nparent e0f1442e9b0e2beb705deab9bb79973821d3919e\nauthor Miguel Villalobos <27830744+soymvillalobos@users.noreply.github.com> 1655214006 -0500\ncommitter GitHub <noreply@github.com> 1655214006 -0500\n\nMerge pull request #1 from soymvillalobos/development\n\nDevelopment',
      signature:
        '-----BEGIN PGP SIGNATURE-----\n\nwsBcBAABCAAQBQJiqI+2CRBK7hj4Ov3rIwAAAuAIAIpeBjJDWihF3v3owuQSxeL4\nFo/pKnoZW/WSNNzHqSjo69QJ0ATpvaYqWEbFx6iqbm1/PLNa0Dl5nij+pBFXY2Pr\nN7gL04UmgYWnACChapmrAj/FEc3D0XOeAdB/WoHSgJX7FjQX3DZWeSHNzXmz3Jn1\n3trh2oPXFpxPeAVPTt5HAMK2tMQr9TVuUDwq1oWMHE4YuUACeGNGIO1sNHAR9gan\nAkfC+YrN7FD0cXYCnCYL1X66ZP2/Y+fL7OU9ndbduKmDaOqkb39M908So5YXN1/B\nf7NUZ38Yc9R7NJd413xqp0KqdswF6ip7kUN0pp6HDdAJ199WoazkcVwzWDeIuvw=\n=7t9w\n-----END PGP SIGNATURE-----\n',
    },
    {
      id: '229388090f50a39f489e30cb535f67f3705cf61f',
      payload:
        'tree 2e563e6934950afccf66ee7b67b5c7d5262a0e7c\nparent ae2706424c3b75613bf5625091aa2649fb33ecde\nauthor Stef Heyenrath <Stef.Heyenrath@gmail.com> 1738263743 +0100\ncommitter GitHub <noreply@github.com> 1738263743 +0100\n\nUpdate README.md',
      signature:
        '-----BEGIN PGP SIGNATURE-----\n\nwsFcBAABCAAQBQJnm8y/CRC1aQ7uu5UhlAAAcTcQABkVyZ3vDgmEkhq7ylmRCBd5\n2AvH6kJIXo7N+Egjeh75yGM6USzaMlKJZgFWVKuIiyjIFAHpOKivPzuVEs+Y/Y2I\ncrJQ1rSSOSCl2uvMDS/Fe/L4fonsdh81ukwthB4+6pqfjfgGNK7myDypUKVeDo/g\nZncP9vl5R1btIWwzhBqPArG5rJIddXmFaUCj+NveMy58nK7xZROSVONrp2CsA0gK\nAaK7bziZSTs2m54Gm79K078fSIPcMx3tRbSk/8o8GInUyO8iVXaw/ZYB4dyptPOy\nY3cJTEsi04tuF7pm3IXleC7nWYE18qQm9m1uoaSLQimt7K8IYxGDRi8grhTWVERE\njArI8oQ7u5NK5SQHCsXH0wiF3IeDEdaYWoBsRq+czoEgS647pOkBd4Ca29dkTs6+\nqrVphULqnX9eJuwSfjdfhNOyaNlKDNx7WYSqN8c+IN+K6BoFpaTx9xFb787XcdGQ\n1QfKlq6nTZtSdsOrS1GxFEaq48V0HayKaHDIaxxuKyGwzIFn5k5O43Y6ku1kWVCy\nBMUO9b0sY59zHoGqqdBwt3WgZLdx03eXQ+eu0cT52rfy4H5rhbqILLXYGoLlhB7A\n1MYtuCiz0G4QXPZuFBMYpSEM2ry8N6OjYUQGXgdvom4nx03C5PfgVqYDcX9PZDSO\naEw4P4zVVRY4OFYgMm53\n=1FOD\n-----END PGP SIGNATURE-----\n',
    },
  ])('is $id, from what the API tells of it', ({ id, payload, signature }) => {
    const content = gitHubCommit(payload, signature);
    const hash = createHash('sha1').update(`commit ${content.length}\0`).update(content);
    expect(hash.digest('hex')).toBe(id);
  });
});
