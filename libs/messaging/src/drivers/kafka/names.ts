const MOST_CHARACTERS = 249;
const ALLOWED = /^[a-zA-Z0-9._-]+$/;

/** The names of everything on the broker. */
export class Names {
  constructor(private readonly prefix: string) {}

  topic(name: string): string {
    return demandTopicName(this.prefix + name);
  }

  group(name: string): string {
    return this.prefix + name;
  }

  /** Whether a name on the broker is one of these. */
  isOurs(onBroker: string): boolean {
    return onBroker.startsWith(this.prefix);
  }

  /** What a topic or group of ours is called here. */
  plain(onBroker: string): string {
    return onBroker.slice(this.prefix.length);
  }

  get replies(): string {
    return this.topic('taskwire.replies.v1');
  }
}

function demandTopicName(name: string): string {
  if (ALLOWED.test(name) && name.length <= MOST_CHARACTERS) return name;
  throw new Error(
    `kafka bus: ${name} can't be a topic: Kafka takes letters, digits, ".", "_" and "-", at most ${String(MOST_CHARACTERS)}`,
  );
}
