import { createClient } from "@tesslate/client";
import type { TestApp } from "./app.ts";

/** Typed clients of a server on a local port. They do not retry, so that a test sees the first answer. */
export const clientsAt = (port: number): TestApp["as"] => {
  const baseUrl = `http://localhost:${port}`;
  return (user) => createClient({ baseUrl, maxRetries: 0, ...(user && { token: user.token }) });
};
