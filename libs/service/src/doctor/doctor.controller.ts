import { Controller, Inject } from '@nestjs/common';
import type { DoctorReport } from '@taskwire/contracts';
import { OperatorRoute } from '../http/route.js';
import { Doctor } from './doctor.js';

/** What is wrong with this service, for operators. */
@Controller()
export class DoctorController {
  constructor(@Inject(Doctor) private readonly doctor: Doctor) {}

  @OperatorRoute('GET', '/internal/doctor')
  report(): Promise<DoctorReport> {
    return this.doctor.report();
  }
}
