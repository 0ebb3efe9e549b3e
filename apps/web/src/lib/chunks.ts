import { lazyRouteComponent } from "@tanstack/react-router";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { readStored, writeStored } from "./storage.ts";

const key = "tesslate.chunk-reload";
const pauseMs = 10_000;
const waitsMs = [300, 1_000, 3_000];

/** A part of the app did not come, however often it was asked for: a new version took its place, or the line stays broken. */
export class MissingPart extends Error {
  override readonly name = "MissingPart";
  constructor(cause: unknown) {
    super("A part of the app could not be loaded.", { cause });
  }
}

/** Fetches a part of the app before it is asked for. When that fails nothing happens: the asking will try again. */
export function preload(load: () => Promise<unknown>): void {
  load().catch(() => undefined);
}

/** What the browser knows of its line. */
type Line = Pick<Window, "addEventListener" | "removeEventListener"> & { navigator: Pick<Navigator, "onLine"> };

/** Without a line it is the line that is waited for; one that comes back ends every wait. */
const wait = (ms: number, line: Line): Promise<void> =>
  new Promise((resolve) => {
    const timer = line.navigator.onLine ? setTimeout(() => end(), ms) : undefined;
    const end = () => {
      clearTimeout(timer);
      line.removeEventListener("online", end);
      resolve();
    };
    line.addEventListener("online", end);
  });

/** Loads a part of the app; a line that breaks for a moment is waited out. Throws `MissingPart`. */
export async function patiently<T>(load: () => Promise<T>, line?: Line): Promise<T> {
  for (const ms of waitsMs) {
    try {
      return await load();
    } catch {
      await wait(ms, line ?? window);
    }
  }
  try {
    return await load();
  } catch (error) {
    throw new MissingPart(error);
  }
}

/** `lazily(async () => (await import("./Editor.tsx")).Editor)`: a component in a chunk of its own. */
export const lazily = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(async () => ({ default: await patiently(load) }));

/** `lazyPage(() => import("./HomePage.tsx"), "HomePage")`: the same for a route, whose code comes together with its data. */
export const lazyPage: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => patiently(load), name);

/** Whether the server answers. A reload while it does not would replace the app by the browser's error page. */
const serverAnswers = async (): Promise<boolean> => {
  try {
    return (await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

/** Reloads the app, which brings a new version, when the server answers. Drafts are kept in the session. Says whether it reloads. */
export async function reloadApp(reload: () => void = () => location.reload()): Promise<boolean> {
  if (!(await serverAnswers())) return false;
  reload();
  return true;
}

/** The same without being asked to, at most once in ten seconds. */
export async function reloadForMissingPart(reload?: () => void): Promise<boolean> {
  const last = readStored(sessionStorage, key, (v): v is number => typeof v === "number") ?? 0;
  if (Date.now() - last < pauseMs) return false;
  writeStored(sessionStorage, key, Date.now());
  return reloadApp(reload);
}
