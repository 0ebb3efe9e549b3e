import type { Workspace } from "@tesslate/agent";
import type { Sandbox } from "@tesslate/runtime";

export interface RunWorkspace extends Workspace {
  /** Of the last write that went through here. */
  etagOf(path: string): string | undefined;
}

/**
 * The project's sandbox as the agent's workplace. Writes are announced before the watcher sees them, so that each change is told once,
 * by whoever made it.
 */
export function createRunWorkspace(sandbox: Sandbox, expectChange: (path: string, etag: string | undefined) => void): RunWorkspace {
  const etags = new Map<string, string>();
  const { files } = sandbox;
  const noted = (path: string, etag: string | undefined) => {
    if (etag === undefined) etags.delete(path);
    else etags.set(path, etag);
    expectChange(path, etag);
  };
  return {
    etagOf: (path) => etags.get(path),
    exec: (argv, options) => sandbox.exec(argv, options),
    pty: (argv, options) => sandbox.pty(argv, options),
    files: {
      stat: (path) => files.stat(path),
      read: (path, options) => files.read(path, options),
      walk: (options) => files.walk(options),
      write: async (path, data, options) => {
        const written = await files.write(path, data, options);
        noted(path, written.entry.etag);
        return written;
      },
      rename: async (from, to, options) => {
        await files.rename(from, to, options);
        noted(from, undefined);
        noted(to, (await files.stat(to))?.etag);
      },
      remove: async (path, options) => {
        await files.remove(path, options);
        noted(path, undefined);
      },
    },
  };
}
