import { Controller, Get, Header, Param } from '@nestjs/common';
import { contracts, subscriptions } from '@taskwire/contracts';
import { type AsyncApiDocument, asyncApiDocument } from '@taskwire/contracts/asyncapi';
import { ProblemError } from '@taskwire/service';
import { version } from '../version.js';
import { errorListPage, errorPage } from './error-pages.js';
import { eventsPage } from './events-page.js';
import { openApiDocument } from './openapi.js';
import type { OpenApiDocument } from './openapi.types.js';
import { STYLE } from './page.js';
import { referencePage } from './reference.js';

const HTML = 'text/html; charset=utf-8';
const MAX_AGE = 'public, max-age=300';

@Controller()
export class DocsController {
  private readonly document = openApiDocument(version);
  private readonly reference = referencePage(this.document);
  private readonly busDocument = asyncApiDocument(version, contracts, subscriptions);
  private readonly eventList = eventsPage(this.busDocument);
  private readonly errorList = errorListPage();

  @Get('/openapi.json')
  @Header('cache-control', MAX_AGE)
  openApi(): OpenApiDocument {
    return this.document;
  }

  @Get('/asyncapi.json')
  @Header('cache-control', MAX_AGE)
  asyncApi(): AsyncApiDocument {
    return this.busDocument;
  }

  @Get('/docs')
  @Header('content-type', HTML)
  @Header('cache-control', MAX_AGE)
  docs(): string {
    return this.reference;
  }

  @Get('/docs/style.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', MAX_AGE)
  style(): string {
    return STYLE;
  }

  @Get('/docs/events')
  @Header('content-type', HTML)
  @Header('cache-control', MAX_AGE)
  events(): string {
    return this.eventList;
  }

  @Get('/docs/errors')
  @Header('content-type', HTML)
  @Header('cache-control', MAX_AGE)
  errors(): string {
    return this.errorList;
  }

  @Get('/docs/errors/:code')
  @Header('content-type', HTML)
  @Header('cache-control', MAX_AGE)
  error(@Param('code') code: string): string {
    const page = errorPage(code);
    if (page === undefined) throw new ProblemError('not_found', 'there is no such error code');
    return page;
  }
}
