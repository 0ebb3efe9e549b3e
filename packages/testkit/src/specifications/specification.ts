/**
 * A provider's published specification of the calls that we make, written by `scripts/provider-specifications.ts` from the provider's
 * documents.
 */
export interface Specification {
  provider: string;
  /** The package with the document, its version and license. */
  source: { package: string; version: string; license: string; document: string };
  operations: Operation[];
  /** Calls that the provider documents in prose only: they cannot be checked. */
  unpublished: { method: string; path: string; described: string }[];
  /** Fields that the specification omits and the provider documents or uses elsewhere: treated as published. */
  additions: { operation: string; field: string; described: string }[];
  definitions: Record<string, Schema>;
}
export interface Operation {
  method: string;
  /** `/repos/{owner}/{repo}`. */
  path: string;
  query: Record<string, Schema & { isRequired?: boolean }>;
  /** By media type; `schema` is missing where the body is bytes. */
  body?: Record<string, { schema?: Schema }>;
}

/** The part of JSON Schema that these documents use. An object with `properties` is closed unless `additionalProperties` opens it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  nullable?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  allOf?: Schema[];
}
