import type { z } from "zod";

/** The server responded with an error. `status` is the HTTP status. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/**
 * Calls an endpoint and checks its JSON against a schema: `await api("/api/tasks", z.array(taskSchema))`.
 * With `json`, the value is sent as the body of a POST, or of the `method` that is given.
 * Throws `ApiError` for an HTTP error, and `ZodError` for a response that does not match.
 */
export async function api<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  { json, ...init }: RequestInit & { json?: unknown } = {},
): Promise<z.output<Schema>> {
  const headers = new Headers(init.headers);
  headers.set("accept", "application/json");
  if (json !== undefined) headers.set("content-type", "application/json");
  const response = await fetch(path, {
    method: json === undefined ? "GET" : "POST",
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...init,
    headers,
  });
  if (!response.ok) throw new ApiError(response.status, `${path} responded with ${response.status}`);
  return schema.parse(response.status === 204 ? undefined : await response.json());
}
