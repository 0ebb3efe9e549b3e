import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { RuntimeError, type RuntimeErrorCode } from "../errors.ts";
import type { RuntimeLog } from "../log.ts";
import { encodeJson } from "./frames.ts";

const codes: Record<RuntimeErrorCode, true> = {
  not_found: true,
  exists: true,
  is_directory: true,
  not_directory: true,
  too_large: true,
  etag_mismatch: true,
  outside_tree: true,
  storage_full: true,
  not_supported: true,
  not_running: true,
  service_failed: true,
  start_timeout: true,
  build_failed: true,
  aborted: true,
  unavailable: true,
};

/** An error on its way from the runner. Causes and stack traces stay there. */
const wireError = Type.Object({
  code: Type.Enum(Object.keys(codes) as RuntimeErrorCode[]),
  message: Type.String(),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** An error that drivers do not announce is logged here and sent without its content. */
export function encodeError(error: unknown, log: RuntimeLog, method: string): Buffer {
  const known =
    error instanceof RuntimeError ? error : new RuntimeError("unavailable", `The runner failed to run ${method}. Its log has the reason.`);
  if (known !== error) log.error({ err: error, method }, "a call failed");
  const { code, message, details } = known;
  return encodeJson({ code, message, ...(details && { details }) } satisfies Static<typeof wireError>);
}

export function decodeError(payload: Buffer): RuntimeError {
  const value = parseJson(payload);
  if (!Value.Check(wireError, value)) return new RuntimeError("unavailable", notUnderstood);
  return new RuntimeError(value.code, value.message, value.details && { details: value.details });
}

export const notUnderstood = "The runner sent a response that this server does not understand. Upgrade the older of the two.";

/** `undefined` when it is no JSON. */
export function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
