import { errorCodes, type ErrorBody, type ErrorCode, type ValidationErrorBody } from "@tesslate/contract";
import { RuntimeError } from "@tesslate/runtime";
import { AppError, diskFullMessage, InvalidInput } from "../platform/errors.ts";
import { isConnectionLoss } from "../platform/connection-loss.ts";
import { isDiskFull, pgCode } from "../platform/database.ts";

export interface RenderedError {
  status: number;
  body: ErrorBody | ValidationErrorBody;
  headers: Record<string, string>;
  /** Whether the stack is logged. */
  isUnexpected: boolean;
}

const runtimeCodes: Partial<Record<RuntimeError["code"], ErrorCode>> = {
  not_found: "not_found",
  exists: "conflict",
  is_directory: "is_directory",
  not_directory: "conflict",
  too_large: "payload_too_large",
  etag_mismatch: "etag_mismatch",
  outside_tree: "path_traversal",
  storage_full: "storage_full",
  not_supported: "not_supported",
  not_running: "not_running",
  service_failed: "start_failed",
  start_timeout: "start_failed",
  unavailable: "runtime_unavailable",
};

/** Converts an error of the runtime to an `AppError`. */
export const fromRuntime = (error: RuntimeError): AppError =>
  new AppError(runtimeCodes[error.code] ?? "internal_error", error.message, { cause: error, details: error.details });

export interface ValidatorIssue {
  instancePath: string;
  schemaPath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
  parentSchema?: { properties?: object };
}
/** The union option an issue belongs to: path of the union and index of the option. */
const optionOf = ({ schemaPath }: ValidatorIssue): [union: string, option: string] | undefined => {
  const [, union, option] = /^(.*?\/anyOf)\/(\d+)\//.exec(schemaPath) ?? [];
  return union === undefined || option === undefined ? undefined : [union, option];
};
/** A mismatch of the discriminator, such as `kind: "demo"`, rules out an option. */
const isOtherKind = ({ keyword, instancePath }: ValidatorIssue) => keyword === "const" && instancePath !== "";
/**
 * A nullable string reports "must be string", "must be null" and "must match a schema": only the first is kept.
 * Of a union of objects only the issues of the selected option are kept.
 */
function isNoise(issue: ValidatorIssue, all: ValidatorIssue[]): boolean {
  const of = optionOf(issue);
  if (of) {
    const options = all.flatMap((other) => {
      const [union, option] = optionOf(other) ?? [];
      return union === of[0] ? [{ option, isOther: isOtherKind(other) }] : [];
    });
    const others = new Set(options.filter(({ isOther }) => isOther).map(({ option }) => option));
    if (others.has(of[1]) && options.some(({ option }) => !others.has(option))) return true;
  }
  return (
    (issue.keyword === "anyOf" || (issue.keyword === "type" && issue.params["type"] === "null")) &&
    all.some(
      (other) =>
        other !== issue &&
        other.keyword !== "anyOf" &&
        other.params["type"] !== "null" &&
        other.instancePath.startsWith(issue.instancePath),
    )
  );
}
/** Values of a union of literals, as one issue. */
function mergeLiterals(issues: ValidatorIssue[]): ValidatorIssue[] {
  const merged = new Map<string, ValidatorIssue>();
  return issues.flatMap((issue) => {
    if (issue.keyword !== "const" && issue.keyword !== "enum") return [issue];
    const values = issue.keyword === "const" ? [issue.params["allowedValue"]] : (issue.params["allowedValues"] as unknown[]);
    const before = merged.get(issue.instancePath);
    if (before) {
      (before.params["allowedValues"] as unknown[]).push(...values);
      return [];
    }
    const one = { ...issue, keyword: "enum", params: { allowedValues: [...values] } };
    merged.set(issue.instancePath, one);
    return [one];
  });
}
/** Maximum number of names to list. */
const maxNames = 30;
/** The message shown beside a field; falls back to the validator's message. */
const formats: Record<string, string> = {
  email: "Must be an email address",
  uuid: "Must be a UUID",
  "date-time": "Must be an ISO 8601 date and time with a time zone, such as 2026-01-31T12:00:00Z",
  date: "Must be an ISO 8601 date, such as 2026-01-31",
};
const sentenceOf = ({ keyword, message, params, parentSchema }: ValidatorIssue, where: string): string => {
  const { limit } = params;
  const isOne = limit === 1;
  switch (keyword) {
    case "required":
      return "Field required";
    case "additionalProperties": {
      const names = Object.keys(parentSchema?.properties ?? {});
      const [one, more] = where === "query" ? ["parameter", "parameters"] : ["field", "fields"];
      if (names.length === 0) return `Unknown ${one}. No ${more} are allowed here`;
      return names.length > maxNames ? `Unknown ${one}` : `Unknown ${one}. Allowed ${more}: ${names.join(", ")}`;
    }
    case "enum": {
      const values = params["allowedValues"] as unknown[];
      return `Must be ${values.length > 1 ? "one of: " : ""}${values.map(String).join(", ")}`;
    }
    case "minLength":
      return isOne ? "Must not be empty" : `Must have at least ${limit} characters`;
    case "maxLength":
      return `Must have at most ${limit} ${isOne ? "character" : "characters"}`;
    case "minItems":
      return isOne ? "Must not be empty" : `Must have at least ${limit} entries`;
    case "maxItems":
      return `Must have at most ${limit} ${isOne ? "entry" : "entries"}`;
    case "minimum":
      return `Must be at least ${limit}`;
    case "maximum":
      return `Must be at most ${limit}`;
    case "pattern":
      if (params["pattern"] === "\\S") return "Must not be empty";
      if (params["pattern"] === "^https?://") return "Must start with http:// or https://";
      return `Must match the pattern ${String(params["pattern"])}`;
    case "format":
      return formats[String(params["format"])] ?? message ?? "Invalid value";
    default:
      return message ?? "Invalid value";
  }
};
const issueOf = (where: string, issue: ValidatorIssue) => {
  const { instancePath, keyword, params } = issue;
  const parts = instancePath
    .split("/")
    .slice(1)
    .map((p) => (/^\d+$/.test(p) ? Number(p) : p.replace(/~1/g, "/").replace(/~0/g, "~")));
  for (const name of ["missingProperty", "additionalProperty"]) if (typeof params[name] === "string") parts.push(params[name]);
  return {
    loc: [where, ...parts],
    msg: sentenceOf(issue, where),
    type: keyword === "required" ? "missing" : keyword === "additionalProperties" ? "unknown_field" : keyword,
  };
};

/** The issues of a failed validation with their location: `where` and the path in it. */
export const issuesOf = (validation: ValidatorIssue[], where: string) =>
  mergeLiterals(validation.filter((issue) => !isNoise(issue, validation))).map((issue) => issueOf(where, issue));

const plain = (code: ErrorCode, detail: string, more: Partial<ErrorBody> = {}): RenderedError => ({
  status: errorCodes[code].status,
  body: { detail, code, ...more },
  headers: { ...(errorCodes[code].status === 401 && { "www-authenticate": "Bearer" }) },
  isUnexpected: false,
});

/** Messages for errors of the HTTP library. */
const transport: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["payload_too_large", "The request is too large."],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media_type", "Content-Type not supported by this route."],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["bad_request", "The body does not match the Content-Length header."],
  FST_ERR_CTP_INVALID_JSON_BODY: ["bad_request", "The request body is not valid JSON."],
  FST_ERR_BAD_URL: ["bad_request", "The URL is malformed."],
  FST_ERR_ASYNC_CONSTRAINT: ["bad_request", "The URL is malformed."],
  FST_REQ_FILE_TOO_LARGE: ["payload_too_large", "The file is too large."],
};

/** Fallback by status for other errors of the HTTP library and its plugins. */
const byStatus: Record<number, [ErrorCode, string]> = {
  400: ["bad_request", "The request is malformed."],
  404: ["not_found", "No route matches this URL."],
  406: ["unsupported_media_type", "Content-Type not supported by this route."],
  413: ["payload_too_large", "The request is too large."],
  414: ["bad_request", "The URL is too long."],
  415: ["unsupported_media_type", "Content-Type not supported by this route."],
};
/** PostgreSQL error codes for text it cannot store. */
const unstorable = new Set(["22021", "22P05"]);
/** The same for JSON columns, which reject unpaired surrogates. */
const isUnstorable = (error: Error): boolean => {
  const code = pgCode(error) ?? "";
  if (code !== "22P02") return unstorable.has(code);
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (/invalid input syntax for type json/.test(e.message)) return true;
  return false;
};

/** Maps an error to status, headers and body. The only place that does. */
export function renderError(error: unknown, requestId: string): RenderedError {
  if (error instanceof RuntimeError) return renderError(fromRuntime(error), requestId);
  if (error instanceof InvalidInput) return { status: 422, body: { detail: error.issues }, headers: {}, isUnexpected: false };
  if (error instanceof AppError) {
    const rendered = plain(error.code, error.message, {
      ...(error.details && { details: error.details }),
      ...(error.status >= 500 && { request_id: requestId }),
    });
    if (error.status === 429) rendered.headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterSeconds ?? 1)));
    if (error.code === "etag_mismatch" && typeof error.details?.["etag"] === "string")
      rendered.headers["etag"] = error.details["etag"].replace(/^"?([^"]*)"?$/, '"$1"');
    if (error.code === "method_not_allowed" && Array.isArray(error.details?.["allowed"]))
      rendered.headers["allow"] = error.details["allowed"].join(", ");
    rendered.isUnexpected = errorCodes[error.code].alert;
    return rendered;
  }
  if (isDiskFull(error))
    return {
      ...plain("storage_full", diskFullMessage, { request_id: requestId }),
      isUnexpected: true,
    };
  if (isConnectionLoss(error))
    return {
      ...plain("unavailable", "The database is unavailable. Try again in a moment.", { request_id: requestId }),
      headers: { "retry-after": "1" },
      isUnexpected: true,
    };
  if (error instanceof Error) {
    const { validation, validationContext, code } = error as Error & {
      validation?: ValidatorIssue[];
      validationContext?: string;
      code?: string;
    };
    if (validation)
      return {
        status: 422,
        body: {
          detail: issuesOf(
            validation,
            validationContext === "querystring" ? "query" : validationContext === "params" ? "path" : (validationContext ?? "body"),
          ),
        },
        headers: {},
        isUnexpected: false,
      };
    const known = code ? transport[code] : undefined;
    if (known) return plain(known[0], known[1]);
    if (error instanceof SyntaxError && "statusCode" in error && error.statusCode === 400)
      return plain("bad_request", "The request body is not valid JSON.");
    const status = "statusCode" in error && code?.startsWith("FST_") ? byStatus[Number(error.statusCode)] : undefined;
    if (status) return plain(status[0], status[1]);
    if (isUnstorable(error))
      return {
        status: 422,
        body: { detail: [{ loc: ["body"], msg: "Text must not contain NUL characters or unpaired surrogates", type: "value_error" }] },
        headers: {},
        isUnexpected: false,
      };
  }
  return {
    ...plain("internal_error", "Internal server error. It has been logged.", { request_id: requestId }),
    isUnexpected: true,
  };
}
