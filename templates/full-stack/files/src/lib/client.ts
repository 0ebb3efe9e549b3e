import { hc } from "hono/client";
import type { App } from "../../server/app";

/** The typed client of the API: `api.notes.$get()`. */
export const { api } = hc<App>("/");

/** The body of a response. Throws the message of the API when it refused. */
export async function bodyOf<Body>(response: { ok: boolean; json(): Promise<Body> }): Promise<Exclude<Body, { error: string }>> {
  if (response.ok) return (await response.json()) as Exclude<Body, { error: string }>;
  throw new Error(await messageOf(response));
}
/** For responses without a body. */
export async function requireOk(response: { ok: boolean; json(): Promise<unknown> }): Promise<void> {
  if (!response.ok) throw new Error(await messageOf(response));
}
async function messageOf(response: { json(): Promise<unknown> }): Promise<string> {
  const body = await response.json().catch(() => undefined);
  const hasMessage = typeof body === "object" && body !== null && "error" in body && typeof body.error === "string";
  return hasMessage ? String(body.error) : "The server didn't respond. Try again.";
}
