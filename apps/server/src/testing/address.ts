import { contract } from "@tesslate/contract";
import { createClient } from "@tesslate/contract/client";
import type { TestApp } from "./app.ts";

/** Typed clients of a server on a local port. */
export const clientsAt = (port: number): TestApp["as"] => {
  const baseUrl = `http://localhost:${port}`;
  return (user) =>
    createClient(contract, {
      baseUrl,
      fetch: (to, init) => {
        const headers = new Headers(init.headers);
        if (user) headers.set("authorization", `Bearer ${user.token}`);
        return fetch(to, { ...init, headers });
      },
    });
};
