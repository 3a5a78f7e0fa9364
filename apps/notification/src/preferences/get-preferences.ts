import { Controller, Inject } from '@nestjs/common';
import { notificationRoutes, type Preferences } from '@taskwire/contracts';
import { Caller, Route } from '@taskwire/service';
import { PreferencesStore } from './preferences-store.js';

@Controller()
export class GetPreferencesReader {
  constructor(@Inject(PreferencesStore) private readonly preferences: PreferencesStore) {}

  @Route(notificationRoutes.preferences)
  get(@Caller() { userId }: Caller): Promise<Preferences> {
    return this.preferences.find(userId);
  }
}
