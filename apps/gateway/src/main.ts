import { runService } from '@taskwire/service';
import { service } from './service.js';

await runService(service);
