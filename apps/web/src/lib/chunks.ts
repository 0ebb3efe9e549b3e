import { lazyRouteComponent } from "@tanstack/react-router";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { readStored, writeStored } from "./storage.ts";

const key = "tesslate.chunk-reload";
const pauseMs = 10_000;
const waitsMs = [300, 1_000, 3_000];

/** A chunk couldn't be loaded after all retries: a new version replaced it, or the connection is down. */
export class ChunkLoadError extends Error {
  override readonly name = "ChunkLoadError";
  constructor(cause: unknown) {
    super("Couldn't load part of the app.", { cause });
  }
}

/** Loads a chunk before it is needed. Failures are ignored: it is loaded again when it is needed. */
export function preload(load: () => Promise<unknown>): void {
  load().catch(() => undefined);
}

/** What the browser knows about its connection. */
type Connection = Pick<Window, "addEventListener" | "removeEventListener"> & { navigator: Pick<Navigator, "onLine"> };

/** Waits for `ms`, or while offline for the connection. Going online ends every wait. */
const wait = (ms: number, connection: Connection): Promise<void> =>
  new Promise((resolve) => {
    const timer = connection.navigator.onLine ? setTimeout(() => end(), ms) : undefined;
    const end = () => {
      clearTimeout(timer);
      connection.removeEventListener("online", end);
      resolve();
    };
    connection.addEventListener("online", end);
  });

/** Loads a chunk and retries after short connection losses. Throws `ChunkLoadError`. */
export async function loadWithRetry<T>(load: () => Promise<T>, connection?: Connection): Promise<T> {
  for (const ms of waitsMs) {
    try {
      return await load();
    } catch {
      await wait(ms, connection ?? window);
    }
  }
  try {
    return await load();
  } catch (error) {
    throw new ChunkLoadError(error);
  }
}

/** `lazyComponent(async () => (await import("./Editor.tsx")).Editor)`: a component in a separate chunk. */
export const lazyComponent = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(async () => ({ default: await loadWithRetry(load) }));

/** `lazyPage(() => import("./HomePage.tsx"), "HomePage")`: the same for a route, whose code comes together with its data. */
export const lazyPage: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => loadWithRetry(load), name);

/** Whether the server responds. Reloading while it does not would replace the app with the browser's error page. */
const serverAnswers = async (): Promise<boolean> => {
  try {
    return (await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

/** Reloads the app if the server responds, and returns whether it does. Drafts are kept in session storage. */
export async function reloadApp(reload: () => void = () => location.reload()): Promise<boolean> {
  if (!(await serverAnswers())) return false;
  reload();
  return true;
}

/** Reloads automatically, at most once in ten seconds. */
export async function reloadAfterChunkError(reload?: () => void): Promise<boolean> {
  const last = readStored(sessionStorage, key, (v): v is number => typeof v === "number") ?? 0;
  if (Date.now() - last < pauseMs) return false;
  writeStored(sessionStorage, key, Date.now());
  return reloadApp(reload);
}
