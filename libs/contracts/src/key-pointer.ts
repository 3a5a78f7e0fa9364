import type { MessageContract } from '@taskwire/messaging';

/**
 * The JSON pointer of the field that orders a contract's messages, for example `/task/ownerId`: found by handing `key` a
 * payload that notes what is read of it. `computed` where the key is not a field as it is.
 */
export function keyPointer(contract: MessageContract): string {
  const pointers = new WeakMap<object, string>();
  const note = (pointer: string): object => {
    const noting = new Proxy(Object.freeze({}), {
      get: (_, field) => (typeof field === 'string' ? note(`${pointer}/${field}`) : undefined),
    });
    pointers.set(noting, pointer);
    return noting;
  };
  try {
    const key: unknown = contract.key(note(''));
    return (typeof key === 'object' && key !== null && pointers.get(key)) || 'computed';
  } catch {
    return 'computed';
  }
}
