import { inject } from "vitest";
import { usePostgres } from "./postgres-users.ts";

/** Resources shared by the tests of a worker: opened on first use, closed at its end (`worker-environment.ts`). */
interface Shared {
  opened: Map<string, Promise<AsyncDisposable>>;
  /** Reference count of resources that are not kept until the end. */
  uses: Map<string, number>;
  /** Cleanup after everything is closed. */
  afterwards: (() => void)[];
}
const key = Symbol.for("tesslate.testing.worker");
// The environment has a separate module graph, so state is shared through the process.
const shared: Shared = ((globalThis as { [key]?: Shared })[key] ??= { opened: new Map(), uses: new Map(), afterwards: [] });

export function oncePerWorker<T extends AsyncDisposable>(name: string, open: () => Promise<T>): Promise<T> {
  const known = shared.opened.get(name) as Promise<T> | undefined;
  if (known) return known;
  if (shared.opened.size === 0) shared.afterwards.push(usePostgres(inject("postgres")));
  const opening = open();
  shared.opened.set(name, opening);
  return opening;
}

/**
 * Like `oncePerWorker` for one of several variants: opening another variant closes unused ones. The second element of the result
 * releases the caller's use.
 */
export async function onePerWorker<T extends AsyncDisposable>(
  kind: string,
  name: string,
  open: () => Promise<T>,
): Promise<[T, () => void]> {
  const key = `${kind} ${name}`;
  const { uses, opened } = shared;
  uses.set(key, (uses.get(key) ?? 0) + 1);
  for (const [other, opening] of opened)
    if (other.startsWith(`${kind} `) && uses.get(other) === 0) {
      opened.delete(other);
      uses.delete(other);
      await (await opening)[Symbol.asyncDispose]();
    }
  return [await oncePerWorker(key, open), () => void uses.set(key, (uses.get(key) ?? 1) - 1)];
}

/** Runs after all shared resources are closed. */
export const afterWorker = (work: () => void): void => void shared.afterwards.push(work);

/** Closes everything in reverse order, also after a failure. */
export async function closeWorker(): Promise<void> {
  const opened = [...shared.opened].toReversed();
  shared.opened.clear();
  const errors: unknown[] = [];
  for (const [name, opening] of opened)
    try {
      await (await opening)[Symbol.asyncDispose]();
    } catch (cause) {
      errors.push(new Error(`${name} was not closed: ${String(cause)}`, { cause }));
    }
  for (const work of shared.afterwards.splice(0)) work();
  // vitest has already printed its results.
  for (const error of errors) process.stderr.write(`${String(error)}\n`);
  if (errors.length > 0) throw new AggregateError(errors);
}
