import type { JsonSchema } from '../json-schema.js';

export interface Reference {
  readonly $ref: string;
}

export interface AsyncApiChannel {
  /** Null: known at run time only. */
  readonly address: string | null;
  readonly description: string;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly bindings?: object;
}

export interface AsyncApiOperation {
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly summary: string;
  readonly tags: readonly { readonly name: string }[];
  readonly messages: readonly Reference[];
  readonly bindings?: object;
  readonly reply?: {
    readonly address: { readonly location: string; readonly description: string };
    readonly channel: Reference;
    readonly messages: readonly Reference[];
  };
}

export interface AsyncApiMessage {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly contentType: 'application/json';
  readonly headers: Reference;
  readonly correlationId?: Reference;
  readonly payload: JsonSchema;
  readonly bindings?: object;
  readonly examples?: readonly { readonly name: string; readonly payload: unknown }[];
  /** JSON pointer of the payload's field that is the partition key. */
  readonly 'x-partition-key'?: string;
}

/** The parts of AsyncAPI 3.0 that are used here. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string };
  };
  readonly defaultContentType: 'application/json';
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  readonly operations: Readonly<Record<string, AsyncApiOperation>>;
  readonly components: {
    readonly messages: Readonly<Record<string, AsyncApiMessage>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly correlationIds: Readonly<Record<string, object>>;
  };
}
