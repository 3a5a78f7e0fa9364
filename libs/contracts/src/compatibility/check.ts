import type { MessageContract, Subscription } from '@taskwire/messaging';
import { closedPointers } from '../resolve.js';
import { compareMessages, receiversText } from './compare-messages.js';
import { breaking, type Finding, missing } from './finding.js';
import { type Published, publishedOf } from './published.js';
import { checkSamples, type Samples } from './samples.js';

/** What is stored in this repository of the messages that were published, by their types. */
export interface Stored {
  readonly published: ReadonlyMap<string, Published>;
  readonly samples: ReadonlyMap<string, Samples>;
}

/** Compares the contracts in the code with what was published. Nothing found: all is compatible and stored. */
export function checkContracts(
  contracts: readonly MessageContract[],
  subscriptions: readonly Subscription[],
  { published, samples }: Stored,
): Finding[] {
  const types = new Set(contracts.map(({ type }) => type));
  const gone = [...published.values()].filter(({ type }) => !types.has(type));
  return [
    ...contracts.flatMap((contract) => {
      const { type } = contract;
      const now = publishedOf(contract, subscriptions);
      const before = published.get(type);
      if (before === undefined)
        return [...closed(now), missing(type, 'it is new, and nothing is stored of it')];
      const stored = samples.get(type) ?? { payload: [] };
      return [...closed(now), ...compareMessages(before, now), ...checkSamples(contract, before, stored)];
    }),
    ...gone.map(deleted),
  ];
}

export const fails = ({ level }: Finding): boolean => level !== 'unstored';

/** A closed object can never be given a field: receivers one version behind would refuse it. */
function closed({ type, sender, receivers, payload, reply }: Published): Finding[] {
  const why = ['receivers one version behind would refuse the first field that is added'];
  const todo = 'declare it with z.object, or take .strip() of a strict object that HTTP shares';
  const found = (part: string, pointers: readonly string[], victims: readonly string[]) =>
    pointers.map((pointer) =>
      breaking(type, `${part} at ${pointer || '/'} refuses unknown fields`, why, victims, todo),
    );
  return [
    ...found('payload', closedPointers(payload), receiversText(receivers)),
    ...found('reply', reply ? closedPointers(reply) : [], [sender]),
  ];
}

function deleted({ type, sender, receivers, kind }: Published): Finding {
  const victims = kind === 'command' ? [sender, ...receiversText(receivers)] : receiversText(receivers);
  return breaking(
    type,
    'it was deleted',
    [`${sender} one version behind still sends it, and receivers one version behind still wait for it`],
    victims,
    'put it back; once nobody of any running version sends or receives it, delete its files under libs/contracts/published and libs/contracts/samples with it',
  );
}
