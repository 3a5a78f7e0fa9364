import { Controller, Inject } from '@nestjs/common';
import { type Preferences, SetPreferences } from '@taskwire/contracts';
import { type CommandOf, type HandlerContext, HandleCommand, Rejection } from '@taskwire/messaging';
import { PreferencesStore } from './preferences-store.js';

@Controller()
export class SetPreferencesHandler {
  constructor(@Inject(PreferencesStore) private readonly preferences: PreferencesStore) {}

  @HandleCommand(SetPreferences)
  async set(command: CommandOf<typeof SetPreferences>, { tx }: HandlerContext): Promise<Preferences> {
    const { userId, preferences } = command.payload;
    if (command.actor !== userId) throw new Rejection('forbidden');
    await this.preferences.save(tx, userId, preferences);
    return preferences;
  }
}
