import { Client as Database } from 'pg';

/** All rows of all tables, as text, by `<service>.<table>`. */
export async function readStores(stores: Readonly<Record<string, string>>): Promise<[string, string][]> {
  const places: [string, string][] = [];
  for (const [service, url] of Object.entries(stores)) {
    const client = new Database({ connectionString: url });
    await client.connect();
    const { rows: tables } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from "${name}" t`);
      places.push([`${service}.${name}`, rows.map(({ text }) => withBytes(text)).join('\n')]);
    }
    await client.end();
  }
  return places;
}

/** Bytes are shown in hexadecimal digits, which would hide what they say. */
const withBytes = (text: string): string =>
  text +
  [...text.matchAll(/\\x([0-9a-f]+)/g)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString()).join('\n');
