import { createClient, type StudioClient } from "@tesslate/client";

/** Typed clients of a server on a local port. They do not retry, so that a test sees the first answer. */
export const clientsAt = (port: number): ((user?: { token: string }) => StudioClient) => {
  const baseUrl = `http://localhost:${port}`;
  return (user) => createClient({ baseUrl, maxRetries: 0, ...(user && { token: user.token }) });
};
