import type { Contract } from "@tesslate/contract";
import { bindRoutes } from "@tesslate/client/core";
import { routes } from "@tesslate/client/routes";
import { createConnection } from "./lib/connection.ts";
import { createSessionFetch } from "./lib/session-fetch.ts";
import { fetchWithProgress, type UploadInit } from "./lib/upload-fetch.ts";

export const connection = createConnection({
  probe: async () => (await fetch("/health", { cache: "no-store" })).ok,
  isBrowserOnline: () => navigator.onLine,
});

let whenSignedOut: () => void = () => undefined;
/** The router decides where a lost session leads. */
export const onSignedOut = (handler: () => void): void => {
  whenSignedOut = handler;
};

export const session = createSessionFetch({
  fetch: (url, init: UploadInit) => (init.onUpload ? fetchWithProgress(url, init) : fetch(url, init)),
  onSignedOut: () => whenSignedOut(),
  onReach: connection.report,
});

/** The one client. Every call carries the session; see lib/session-fetch.ts. */
export const api = bindRoutes<Contract>(routes, { fetch: session.fetch });

/** The same client for one upload, which reports the share that is sent. The session is renewed first, so that no one sends 500 MB twice. */
export const uploading = (onUpload: (share: number) => void) =>
  bindRoutes<Contract>(routes, {
    fetch: async (url, init) => {
      await session.fetch("/api/users/me", { method: "GET" });
      const upload: UploadInit = { ...init, onUpload };
      return session.fetch(url, upload);
    },
  });
