/** An instance's part in a group. */
export interface Member {
  readonly topics: readonly string[];
  /** The partition is this member's now, from `position` on. */
  own(topic: string, partition: number, position: number): void;
  /** The member has too many: it finishes what runs of this partition, then releases it. */
  giveUp(topic: string, partition: number): void;
}

interface Slot {
  position: number;
  owner: Member | undefined;
}

/** Positions of a group, and who owns which partition: shares differ by one at most. */
export class Group {
  readonly #slots = new Map<string, Slot[]>();
  readonly #members: Member[] = [];

  get topics(): readonly string[] {
    return [...this.#slots.keys()];
  }

  /** Adds a topic unless the group has it; starts at the given positions. */
  addTopic(topic: string, positions: readonly number[]): void {
    if (this.#slots.has(topic)) return;
    this.#slots.set(
      topic,
      positions.map((position) => ({ position, owner: undefined })),
    );
  }

  /** Members that read the topic; all without one. */
  membersOf(topic?: string): number {
    return this.#members.filter(({ topics }) => topic === undefined || topics.includes(topic)).length;
  }

  removeTopic(topic: string): void {
    this.#slots.delete(topic);
  }

  positions(topic: string): readonly number[] {
    return (this.#slots.get(topic) ?? []).map((slot) => slot.position);
  }

  join(member: Member): void {
    this.#members.push(member);
    this.#share(member.topics);
  }

  /** Also when the member died: what it had not acknowledged is delivered to others. */
  leave(member: Member): void {
    const index = this.#members.indexOf(member);
    if (index < 0) return;
    this.#members.splice(index, 1);
    for (const slot of [...this.#slots.values()].flat()) if (slot.owner === member) slot.owner = undefined;
    this.#share(member.topics);
  }

  release(member: Member, topic: string, partition: number): void {
    const slot = this.#slots.get(topic)?.[partition];
    if (slot?.owner !== member) return;
    slot.owner = undefined;
    this.#share([topic]);
  }

  /** Refused, without a word, when somebody else owns the partition. */
  acknowledge(member: Member, topic: string, partition: number, position: number): void {
    const slot = this.#slots.get(topic)?.[partition];
    if (slot?.owner === member) slot.position = Math.max(slot.position, position);
  }

  #share(topics: readonly string[]): void {
    for (const topic of topics) {
      const slots = this.#slots.get(topic) ?? [];
      const members = this.#members.filter((m) => m.topics.includes(topic));
      members.forEach((member, rank) => {
        const quota =
          Math.floor(slots.length / members.length) + (rank < slots.length % members.length ? 1 : 0);
        const mine = indexesOf(slots, member);
        for (const partition of mine.slice(quota)) member.giveUp(topic, partition);
        for (const partition of indexesOf(slots, undefined).slice(0, Math.max(0, quota - mine.length))) {
          const slot = slots[partition];
          if (!slot) continue;
          slot.owner = member;
          member.own(topic, partition, slot.position);
        }
      });
    }
  }
}

const indexesOf = (slots: readonly Slot[], owner: Member | undefined): number[] =>
  slots.flatMap((slot, partition) => (slot.owner === owner ? [partition] : []));
