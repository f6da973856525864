import type { ReceiverType } from '../../api/image-receiver.ts';
import type { Format } from './format.ts';
import { acr } from './formats/acr.ts';
import { artifactRegistry } from './formats/artifact-registry.ts';
import { cloudEvents } from './formats/cloud-events.ts';
import { distribution } from './formats/distribution.ts';
import { dockerHub } from './formats/docker-hub.ts';
import { ecr } from './formats/ecr.ts';
import { generic } from './formats/generic.ts';
import { gitea } from './formats/gitea.ts';
import { github } from './formats/github.ts';
import { harbor } from './formats/harbor.ts';
import { jfrog } from './formats/jfrog.ts';
import { nexus } from './formats/nexus.ts';
import { quay } from './formats/quay.ts';
import { anyOf, authorization, header, pathAlone, signature, type Proof } from './proofs.ts';

/** How a kind of sender shows who it is, besides knowing the path, and in which form it tells. */
export interface SenderKind {
  /** `identity-token`: a token signed by Google. */
  readonly proof: Proof | 'identity-token';
  readonly format: Format;
}

/**
 * Every kind of sender. Docker Hub, Quay and Azure can show nothing; Nexus signs by SHA-1 alone, which as
 * an HMAC is not broken; Artifactory sends the token or signs with it, as its administrator says.
 */
export const SENDERS: Readonly<Record<ReceiverType, SenderKind>> = {
  generic: { proof: anyOf(signature('x-signature'), authorization), format: generic },
  cloudevents: { proof: anyOf(signature('x-signature'), authorization), format: cloudEvents },
  distribution: { proof: authorization, format: distribution },
  acr: { proof: pathAlone, format: acr },
  artifactregistry: { proof: 'identity-token', format: artifactRegistry },
  dockerhub: { proof: pathAlone, format: dockerHub },
  ecr: { proof: anyOf(authorization, header('x-api-key')), format: ecr },
  gitea: {
    proof: anyOf(signature('x-gitea-signature'), signature('x-forgejo-signature')),
    format: gitea,
  },
  github: { proof: signature('x-hub-signature-256'), format: github },
  gitlab: { proof: anyOf(header('x-gitlab-token'), authorization), format: distribution },
  harbor: { proof: authorization, format: harbor },
  jfrog: {
    proof: anyOf(signature('x-jfrog-event-auth'), header('x-jfrog-event-auth')),
    format: jfrog,
  },
  nexus: { proof: signature('x-nexus-webhook-signature', 'sha1'), format: nexus },
  quay: { proof: pathAlone, format: quay },
};
