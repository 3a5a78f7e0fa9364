import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedIn } from '@taskwire/contracts';
import { Client as Database } from 'pg';
import { type Deployment, SHORTENED } from '../faults/deployment.js';
import { call } from './client.js';
import { until } from './until.js';
import { PERSONAL, type Secret } from './use-credentials.js';

/** Leaves events of a user parked in one service, where the handler fails, and unsent in another. */
export async function leaveUnsettled({ api, stores }: Deployment, secrets: Secret[]): Promise<void> {
  const password = 'the password of one who waits';
  secrets.push({ what: 'the password of one who waits', value: password });
  const register = async (n: number) => {
    const body = { email: `${PERSONAL}-${n}@example.org`, password, name: 'Eve', timeZone: 'Europe/Berlin' };
    const { body: signedIn } = await call<SignedIn>(`${api}/v1/auth/register`, 'POST', body);
    secrets.push({ what: 'a refresh token', value: signedIn.refreshToken });
    return { authorization: `Bearer ${signedIn.accessToken}` };
  };
  const [notification, auth] = await Promise.all(
    [stores.notification, stores.auth].map(async (url) => {
      const database = new Database({ connectionString: url });
      await database.connect();
      return database;
    }),
  );
  try {
    await notification?.query('alter table notifications rename to notifications_elsewhere');
    const bearer = await register(3);
    await call(`${api}/v1/tasks`, 'POST', { title: 'C' }, bearer);
    await until(
      'the parked events',
      async () => (await notification?.query('select 1 from parked_messages'))?.rowCount ?? 0,
      (count) => count >= 2,
    );
    await auth?.query(`update outbox_lease set owner = 'nobody', until = 'infinity'`);
    await sleep(Number(SHORTENED.RELAY_LEASE_MS));
    await register(4);
  } finally {
    await Promise.all([notification?.end(), auth?.end()]);
  }
}
