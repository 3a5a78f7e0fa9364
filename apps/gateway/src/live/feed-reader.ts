import { Feed } from '@taskwire/contracts';
import { ProblemError, type ServiceClients } from '@taskwire/service';

const READ_TIMEOUT_MS = 5_000;
/** Higher than any entry, so that only the position is answered. */
const END_OF_FEED = 2 ** 31 - 1;

/** A user's feed, in order of its numbers, as notification keeps it. */
export interface FeedReader {
  read(userId: string, after: number): Promise<Feed>;
  /** The number of the newest entry; 0 for an empty feed. */
  position(userId: string): Promise<number>;
}

export class NotificationFeed implements FeedReader {
  constructor(private readonly services: ServiceClients) {}

  async read(userId: string, after: number): Promise<Feed> {
    const { status, body } = await this.services.get('notification').request({
      method: 'GET',
      path: `/internal/feed/${userId}`,
      query: { after: String(after) },
      internal: true,
      deadlineMs: READ_TIMEOUT_MS,
    });
    if (status !== 200) throw new ProblemError('service_unavailable', `the feed was answered with ${status}`);
    return Feed.parse(body);
  }

  async position(userId: string): Promise<number> {
    return (await this.read(userId, END_OF_FEED)).last;
  }
}
