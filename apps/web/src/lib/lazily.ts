import { lazy, type ComponentType, type LazyExoticComponent } from "react";

const waitsMs = [300, 1_000, 3_000];

/** Loads a part of the page; a line that breaks for a moment is waited out, since a failed `lazy` stays failed. */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return load();
}

/** `lazily(async () => (await import("./Editor.tsx")).Editor)`: a component in a chunk of its own. */
export const lazily = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(async () => ({ default: await patiently(load) }));
