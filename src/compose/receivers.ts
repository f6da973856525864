import { createPushMessages } from '../adapters/push-events/push-messages.ts';
import { ResourceFolders } from '../app/read/resource-folders.ts';
import { receiverPaths, type ReceiverPath } from '../app/receive/receiver-paths.ts';
import type { Config } from '../config.ts';
import { compose, type Overrides } from './ports.ts';

/** Which receivers. */
export interface ReceiverOptions extends Overrides {
  readonly configPaths: readonly string[];
}

/** Where registries send to for the receivers of configuration folders. */
export async function listReceivers(
  config: Config,
  options: ReceiverOptions,
  signal: AbortSignal,
): Promise<readonly ReceiverPath[]> {
  const ports = await compose(config, options);
  try {
    const folders = await Promise.all(options.configPaths.map((path) => ports.open.folder(path)));
    const resources = await new ResourceFolders(folders).load(signal);
    const { secrets } = ports;
    return await receiverPaths(resources, { secrets, messages: createPushMessages() }, signal);
  } finally {
    await ports.close();
  }
}
