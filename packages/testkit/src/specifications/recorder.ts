import { decodeForm } from "../stripe/objects.ts";
import { fieldsOf, problemsOf } from "./schema-check.ts";
import type { Operation, Specification } from "./specification.ts";

export interface MadeCall {
  method: string;
  /** Below the API's base address. */
  path: string;
  query: URLSearchParams;
  contentType: string | undefined;
  /** As sent, or the fields of a form with files. */
  body: Buffer | string | Record<string, unknown>;
}

export interface Recorder {
  readonly specification: Specification;
  /** Records a call and returns its differences from the published specification; empty when it matches. */
  record(call: MadeCall): string[];
  /** Throws when a call did not match. For the end of a test. */
  verify(): void;
  readonly calls: number;
  readonly fields: number;
  /** `METHOD /path` of each published operation that was called. */
  readonly operations: ReadonlySet<string>;
  /** Calls that are documented in prose only. */
  readonly unpublished: number;
  readonly violations: readonly string[];
  /** Published operations that were not called. */
  missing(): string[];
  /** A one-line summary. */
  summary(): string;
}

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const patternOf = (path: string) => {
  const text = path.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${text.replaceAll("{path}", ".+").replace(/\{[^}]+\}/g, "[^/]+")}$`);
};

/** Compares every call of a fake with the provider's specification. */
export function createRecorder(specification: Specification): Recorder {
  const { definitions } = specification;
  const routes = specification.operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }));
  const prose = specification.unpublished.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  const operations = new Set<string>();
  const violations: string[] = [];
  const counts = { calls: 0, fields: 0, unpublished: 0 };

  const problemsOfBody = ({ body: published }: Operation, { contentType = "", body }: MadeCall): string[] => {
    if (body.length === 0) return [];
    const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
    if (!published) return ["a body is not defined"];
    const known = published[type];
    if (!known) return [`the content type must be ${Object.keys(published).join(" or ")}, not ${type || "missing"}`];
    if (!known.schema) return [];
    const isForm = type === "application/x-www-form-urlencoded";
    const isText = typeof body === "string" || Buffer.isBuffer(body);
    const value = !isText ? body : isForm ? decodeForm(String(body)) : parsed(String(body));
    counts.fields += fieldsOf(value);
    return problemsOf(known.schema, value, { definitions, isForm });
  };
  const problemsOfQuery = ({ query: published }: Operation, query: URLSearchParams): string[] => {
    const given = decodeForm(query.toString());
    counts.fields += fieldsOf(given);
    const missing = Object.entries(published).filter(([name, schema]) => schema.isRequired && !(name in given));
    return [
      ...missing.map(([name]) => `query.${name}: is required`),
      ...Object.entries(given).flatMap(([name, value]) => {
        const schema = published[name];
        return schema ? problemsOf(schema, value, { definitions, at: `query.${name}`, isForm: true }) : [`query.${name}: is not defined`];
      }),
    ];
  };

  return {
    specification,
    record: (call) => {
      counts.calls += 1;
      if (prose.some(({ method, pattern }) => method === call.method && pattern.test(call.path))) {
        counts.unpublished += 1;
        return [];
      }
      // The route with fewer parameters is more specific.
      const route = routes
        .filter(({ operation, pattern }) => operation.method === call.method && pattern.test(call.path))
        .sort((a, b) => a.operation.path.split("{").length - b.operation.path.split("{").length)[0];
      if (route) operations.add(nameOf(route.operation));
      const problems = route
        ? [...problemsOfQuery(route.operation, call.query), ...problemsOfBody(route.operation, call)]
        : ["this call is not published, or not listed in scripts/provider-specifications"];
      violations.push(...problems.map((problem) => `${specification.provider}: ${call.method} ${call.path}: ${problem}`));
      return problems;
    },
    verify: () => {
      if (violations.length > 0)
        throw new Error(`calls that ${specification.provider} does not publish:\n${[...new Set(violations)].join("\n")}`);
    },
    get calls() {
      return counts.calls;
    },
    get fields() {
      return counts.fields;
    },
    get unpublished() {
      return counts.unpublished;
    },
    operations,
    violations,
    missing: () => specification.operations.map(nameOf).filter((name) => !operations.has(name)),
    summary: () => {
      const { provider, source, operations: published } = specification;
      const without = counts.unpublished === 0 ? "" : `, ${counts.unpublished} calls described in prose alone`;
      return `${provider}: ${counts.calls} calls, ${counts.fields} fields, ${operations.size} of ${published.length} operations as in ${source.package} ${source.version}${without}`;
    },
  };
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};
/** The fields of a form with files: text as it is, JSON as its value. Other files are content, not fields. */
export async function fieldsOfForm(contentType: string, body: Buffer): Promise<Record<string, unknown>> {
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
  const fields: Record<string, unknown> = {};
  for (const [name, part] of form) {
    if (typeof part === "string") fields[name] = part;
    else if (part.type.startsWith("application/json")) fields[name] = parsed(await part.text());
  }
  return fields;
}
