import { inject } from "vitest";
import { usePostgres } from "./postgres-users.ts";

/** What the tests of one worker share: opened by the first that needs it, closed by the worker's environment (`worker-environment.ts`) at its end. */
interface Shared {
  opened: Map<string, Promise<AsyncDisposable>>;
  /** How many use it now, of those that are not kept until the end. */
  uses: Map<string, number>;
  /** What goes when everything is closed. */
  afterwards: (() => void)[];
}
const place = Symbol.for("tesslate.testing.worker");
// The environment is loaded beside the tests' modules, not among them: the process is all they share.
const shared: Shared = ((globalThis as { [place]?: Shared })[place] ??= { opened: new Map(), uses: new Map(), afterwards: [] });

export function oncePerWorker<T extends AsyncDisposable>(name: string, open: () => Promise<T>): Promise<T> {
  const known = shared.opened.get(name) as Promise<T> | undefined;
  if (known) return known;
  if (shared.opened.size === 0) shared.afterwards.push(usePostgres(inject("postgres")));
  const opening = open();
  shared.opened.set(name, opening);
  return opening;
}

/**
 * As `oncePerWorker` for one of many of a kind: when another of that kind is asked for, those that nobody uses are closed. The second part
 * of the answer says that one's own use has ended.
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

/** Runs when everything that is shared was closed. */
export const afterWorker = (work: () => void): void => void shared.afterwards.push(work);

/** Closes everything, the last opened first, also what comes after one that could not be closed. */
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
  // Nobody else tells of it: vitest has shown its results by now.
  for (const error of errors) process.stderr.write(`${String(error)}\n`);
  if (errors.length > 0) throw new AggregateError(errors);
}
