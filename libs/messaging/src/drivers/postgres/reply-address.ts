/** Prefix of the channel on which an instance hears its replies. */
export const REPLY_CHANNEL = 'bus_reply_';

const ADDRESS = /^(push|poll)-([0-9a-f-]{36})$/;

export const addressOf = (id: string, deaf: boolean): string => `${deaf ? 'poll' : 'push'}-${id}`;

/** An address comes from outside: it must not name another channel, nor break the statement that others share. */
export function parseAddress(address: string): { id: string; byTable: boolean } {
  const [, way, id] = ADDRESS.exec(address) ?? [];
  if (id === undefined) throw new Error(`postgres bus: "${address.slice(0, 80)}" is not a reply address`);
  return { id, byTable: way === 'poll' };
}
