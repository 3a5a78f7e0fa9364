import { Admin } from '@platformatic/kafka';

/** A group has members until the session of those that died ends. */
const LIMIT_MS = 30_000;

/** Deletes all topics and groups whose names begin so. */
export async function removePrefix(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = new Admin({ clientId: 'taskwire-removal', bootstrapBrokers: [...brokers], retries: 5 });
  admin.on('error', () => undefined);
  try {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const groups = [...(await admin.listGroups()).keys()].filter((name) => name.startsWith(prefix));
    await Promise.all(groups.map((group) => deleteGroup(admin, group)));
  } finally {
    await admin.close();
  }
}

async function deleteGroup(admin: Admin, group: string): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      await admin.deleteGroups({ groups: [group] });
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
