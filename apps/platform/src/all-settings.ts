import { type AnyService, parseConfig, settingNames } from '@taskwire/service';
import {
  ConfigError,
  type Fault,
  namesOf,
  oncePerName,
  parseSettings,
  valuesOf,
} from '@taskwire/service/settings';
import { environmentOf, givenNames } from './environment.js';
import { PlatformSettings, type Settings, settingsOf } from './settings.js';

// Of the form that is made or found once it is clear that everything can start.
const later = 'made when everything can be started';
const database = 'postgresql://127.0.0.1/later';
const laterDatabases = {
  auth: database,
  task: database,
  notification: database,
  analytics: database,
  bus: database,
};
const laterSecrets = {
  keysFolder: later,
  adminPasswordFile: later,
  adminPassword: later,
  newAdminPassword: undefined,
  internalToken: later,
  rateLimitExemptToken: later,
  operationSecret: later,
  webhookKey: later,
};

export interface AllSettings {
  settings: Settings;
  /** What the environment says to the apps, with what stood in files. */
  outer: NodeJS.ProcessEnv;
}

/**
 * The settings of the platform and of all its apps, parsed before anything is started. Throws one ConfigError that lists
 * every bad variable once, and names the app where only one has it.
 */
export function readAllSettings(env: NodeJS.ProcessEnv, apps: readonly AnyService[]): AllSettings {
  const names = new Set([...namesOf(PlatformSettings), ...apps.flatMap(settingNames)]);
  for (const name of givenNames) names.delete(name);
  const { values, faults } = valuesOf(env, names);
  const outer: NodeJS.ProcessEnv = { ...values };
  for (const name of [...names, ...givenNames]) delete outer[`${name}_FILE`];

  const own = parseSettings(PlatformSettings, values);
  const settings = settingsOf(own.data ?? PlatformSettings.parse({}));
  const all = [...faults, ...own.faults];
  for (const app of apps) {
    all.push(
      ...parseConfig(app, environmentOf(app.name, settings, laterDatabases, laterSecrets, outer)).faults,
    );
  }
  if (all.length > 0) throw ConfigError.of(oncePerName(all).map((fault) => withApp(fault, apps)));
  return { settings, outer };
}

function withApp({ name, text }: Fault, apps: readonly AnyService[]): Fault {
  const users = apps.filter(({ config }) => namesOf(config).includes(name.replace(/_FILE$/, '')));
  return { name: users.length === 1 ? `${name} (${users[0]?.name})` : name, text };
}
