import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError, present, setting, type Environment } from './read-settings';
import { hostAndPort } from './setting-kinds';

type ConnectionOptions = ClientConnectConfig['connectionOptions'] & { address: string };

/** An address, or a profile of Temporal's own configuration file, says that a server exists already. */
export function namesTemporal(environment: Environment): boolean {
  return ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some(
    (name) => setting(environment, name) !== undefined,
  );
}

/** How Temporal is reached, from its own variables. Throws ConfigError. */
export function temporalSettings(environment: Environment) {
  let loaded: ClientConnectConfig;
  try {
    // The user's configuration file counts only when asked for: a start must not depend on what lies in a home folder.
    const disableFile = !['TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => setting(environment, name));
    loaded = loadClientConnectConfig({ overrideEnvVars: present(environment), disableFile });
  } catch (error) {
    throw new ConfigError(`The TEMPORAL_* settings cannot be used: ${(error as Error).message}`);
  }
  const { address } = loaded.connectionOptions;
  if (address === undefined) throw new ConfigError('TEMPORAL_ADDRESS must be set.');
  if (!hostAndPort.test(address)) throw new ConfigError('TEMPORAL_ADDRESS must be host:port.');
  const given = Object.entries(loaded.connectionOptions).filter(([, value]) => value !== undefined);
  const connection = Object.fromEntries(given) as ConnectionOptions;
  return { address, namespace: loaded.namespace ?? 'default', connection };
}
