import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { readStored, writeStored } from "./storage.ts";

const key = "tesslate.chunk-reload";
const pauseMs = 10_000;
const waitsMs = [300, 1_000, 3_000];
/** Loads whose caller deals with a failure itself. */
let attended = 0;

async function attend<T>(load: () => Promise<T>): Promise<T> {
  attended += 1;
  try {
    return await load();
  } finally {
    attended -= 1;
  }
}

/** Fetches a part of the app before it is asked for. When that fails nothing happens: the asking will try again. */
export function preload(load: () => Promise<unknown>): void {
  attend(load).catch(() => undefined);
}

/** Loads a part of the page; a line that breaks for a moment is waited out, since a failed `lazy` stays failed. */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await attend(load);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return load();
}

/** `lazily(async () => (await import("./Editor.tsx")).Editor)`: a component in a chunk of its own. */
export const lazily = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(async () => ({ default: await patiently(load) }));

/**
 * A part that nobody waits for patiently (a page, its styles) and that did not come, because the network changed under the browser or a new
 * version was put in place, is fetched by loading the page again, at most once in ten seconds; drafts are kept in the session. After that the
 * error reaches the nearest boundary with its Retry.
 */
export function reloadForMissingChunks(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (attended > 0) return;
    const last = readStored(sessionStorage, key, (v): v is number => typeof v === "number") ?? 0;
    if (Date.now() - last < pauseMs) return;
    writeStored(sessionStorage, key, Date.now());
    event.preventDefault();
    location.reload();
  });
}
