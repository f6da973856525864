import type { Pushed, Pusher } from './pusher.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json';

type Texts = Readonly<Record<string, string>>;

/** What an image is to say of itself. */
export interface ImageContent {
  /** `os/arch[/variant]`; default `linux/amd64`. */
  readonly platform?: string;
  readonly created?: string;
  readonly labels?: Texts;
  readonly annotations?: Texts;
  /** Write the manifest without `mediaType`, as the OCI specification allows. */
  readonly bare?: boolean;
}

/** Pushes an image of one platform. @param tag absent: by its digest alone */
export async function pushImage(
  pusher: Pusher,
  content: ImageContent,
  tag?: string,
): Promise<Pushed> {
  const { created, labels, annotations, bare } = content;
  const [os, architecture, variant] = (content.platform ?? 'linux/amd64').split('/');
  const config = await pusher.blob(
    Buffer.from(
      JSON.stringify({
        os,
        architecture,
        variant,
        created,
        config: { Labels: labels },
        rootfs: { type: 'layers', diff_ids: [] },
      }),
    ),
  );
  const manifest = {
    schemaVersion: 2,
    ...(bare === true ? {} : { mediaType: MANIFEST }),
    config: { mediaType: IMAGE_CONFIG, ...config },
    layers: [],
    annotations,
  };
  return pusher.manifest(manifest, MANIFEST, tag);
}

/** Pushes an index over images, with an attestation beside them as BuildKit does. */
export async function pushIndex(
  pusher: Pusher,
  images: readonly ImageContent[],
  { tag, annotations }: { readonly tag: string; readonly annotations?: Texts },
): Promise<Pushed> {
  const entries: object[] = [];
  for (const image of images) {
    const [os, architecture, variant] = (image.platform ?? 'linux/amd64').split('/');
    const pushed = await pushImage(pusher, image);
    entries.push({ mediaType: MANIFEST, ...pushed, platform: { os, architecture, variant } });
  }
  const attestation = await pushImage(pusher, { platform: 'unknown/unknown' });
  const manifests = [
    ...entries,
    {
      mediaType: MANIFEST,
      ...attestation,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    },
  ];
  return pusher.manifest(
    { schemaVersion: 2, mediaType: INDEX, manifests, annotations },
    INDEX,
    tag,
  );
}

/** Pushes what `helm push` would. */
export async function pushChart(pusher: Pusher, tag: string, created?: string): Promise<Pushed> {
  const config = await pusher.blob(Buffer.from(JSON.stringify({ name: 'app', version: tag })));
  const layer = await pusher.blob(Buffer.from(`a chart, ${tag}`));
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', ...layer }],
    annotations: { 'org.opencontainers.image.created': created },
  };
  return pusher.manifest(manifest, MANIFEST, tag);
}
