import type { ImageId, Limits, RuntimeDriver, Sandbox, ServiceState } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";

interface OpenOptions {
  image?: ImageId;
  hostnames?: string[];
  limits?: Partial<Limits>;
}
/** One open sandbox handle per project and process. */
export interface Sandboxes {
  /** The project's sandbox; opened (or created, from `image`) once and kept. */
  open(projectId: string, options?: OpenOptions): Promise<Sandbox>;
  /** The handle, if it is open. */
  peek(projectId: string): Promise<Sandbox> | undefined;
  /** The sandbox without a handle that is kept, e.g. of a project that another server owns. `undefined`: there is none. */
  find(projectId: string): Promise<Sandbox | undefined>;
  /** Those that the runtime has. */
  ids(): Promise<string[]>;
  /** Drops the handle without stopping anything. */
  forget(projectId: string): Promise<void>;
  /** Stops everything and deletes the tree, the network and the uid. */
  remove(projectId: string): Promise<void>;
  /** Called on every change of any service of any open sandbox, in order. */
  onState(listener: (projectId: string, state: ServiceState) => void): void;
}

/** `takesOver`: other servers may have opened the sandboxes before, and must stop using them. */
export function createSandboxes({ runtime, takesOver, log }: { runtime: RuntimeDriver; takesOver: boolean; log: Logger }): Sandboxes {
  const handles = new Map<string, { sandbox: Promise<Sandbox>; unsubscribe: () => void }>();
  const listeners: ((projectId: string, state: ServiceState) => void)[] = [];

  const open = async (projectId: string, options: OpenOptions, entry: { unsubscribe: () => void }) => {
    const sandbox = await runtime.open({ id: projectId, ...options, ...(takesOver && { takesOver }) });
    entry.unsubscribe = sandbox.onState((state) => {
      for (const listener of listeners)
        try {
          listener(projectId, state);
        } catch (err) {
          log.error({ err, project_id: projectId }, "sandbox listener failed");
        }
    });
    return sandbox;
  };
  const forget = async (projectId: string) => {
    const entry = handles.get(projectId);
    if (!entry) return;
    handles.delete(projectId);
    await entry.sandbox.catch(() => undefined);
    entry.unsubscribe();
  };
  return {
    open(projectId, options = {}) {
      const known = handles.get(projectId);
      if (known) return known.sandbox;
      const entry = { unsubscribe: () => {}, sandbox: undefined as unknown as Promise<Sandbox> };
      entry.sandbox = open(projectId, options, entry);
      handles.set(projectId, entry);
      // Do not cache a failed attempt.
      entry.sandbox.catch(() => handles.get(projectId) === entry && handles.delete(projectId));
      return entry.sandbox;
    },
    ids: async () => (await runtime.list({ isBrief: true })).map(({ id }) => id),
    find: (projectId) => runtime.find(projectId),
    peek: (projectId) => handles.get(projectId)?.sandbox,
    forget,
    remove: async (projectId) => {
      await forget(projectId);
      await runtime.remove(projectId);
    },
    onState: (listener) => void listeners.push(listener),
  };
}
