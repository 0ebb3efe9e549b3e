import type { Workspace } from "@tesslate/agent";
import type { Sandbox } from "@tesslate/runtime";
import { createOutputFilter, type LiveRedactor } from "../../projects/secrets/index.ts";

export interface RunWorkspace extends Workspace {
  /** The etag of the last write through this workspace. */
  etagOf(path: string): string | undefined;
}

/**
 * How long the possible start of a secret value is held back. Longer than in a person's terminal: nobody types here, and a value that a slow
 * program prints in parts must not reach the model.
 */
const commandHoldMs = 10_000;
const terminalHoldMs = 1_000;

/** UTF-8 text, or undefined for binary data. */
const textOf = (data: Uint8Array): string | undefined => {
  if (data.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
};

/**
 * The project's sandbox as the agent sees it. Writes are announced to the file watcher, so that each change is emitted once. Secret values are
 * replaced in both directions: the agent reads `[secret:NAME]`, and a placeholder that it writes back to a file becomes the file's value again.
 */
export function createRunWorkspace(
  sandbox: Sandbox,
  redactor: LiveRedactor,
  expectChange: (path: string, etag: string | undefined) => void,
): RunWorkspace {
  const etags = new Map<string, string>();
  const { files } = sandbox;
  const announce = (path: string, etag: string | undefined) => {
    if (etag === undefined) etags.delete(path);
    else etags.set(path, etag);
    expectChange(path, etag);
  };
  const withValues = async (path: string, data: string | Uint8Array): Promise<string | Uint8Array> => {
    if (redactor.current.isEmpty) return data;
    const text = typeof data === "string" ? data : textOf(data);
    if (!text?.includes("[secret:")) return data;
    const original = await files.read(path).catch(() => undefined);
    return redactor.current.restore(text, original ? (textOf(original.data) ?? "") : "");
  };
  return {
    etagOf: (path) => etags.get(path),
    exec: async (argv, options = {}) => {
      const { onOutput } = options;
      const filters = onOutput && {
        stdout: createOutputFilter({ redactor, holdMs: commandHoldMs, emit: (text) => onOutput(text, "stdout") }),
        stderr: createOutputFilter({ redactor, holdMs: commandHoldMs, emit: (text) => onOutput(text, "stderr") }),
      };
      const result = await sandbox.exec(argv, {
        ...options,
        ...(filters && { onOutput: (chunk: string, stream: "stdout" | "stderr") => filters[stream].push(chunk) }),
      });
      filters?.stdout.end();
      filters?.stderr.end();
      const { redact } = redactor.current;
      return { ...result, stdout: redact(result.stdout), stderr: redact(result.stderr) };
    },
    pty: async (argv, options) => {
      const terminal = await sandbox.pty(argv, options);
      return {
        write: (data) => terminal.write(data),
        kill: () => terminal.kill(),
        onData: (listener) => {
          const filter = createOutputFilter({ redactor, holdMs: terminalHoldMs, emit: (text) => listener(Buffer.from(text)) });
          const offData = terminal.onData((data) => filter.push(data));
          const offExit = terminal.onExit(() => filter.end());
          return () => {
            offData();
            offExit();
          };
        },
        onExit: (listener) => terminal.onExit(listener),
      };
    },
    files: {
      stat: (path) => files.stat(path),
      read: async (path, options) => {
        const found = await files.read(path, options);
        const text = redactor.current.isEmpty ? undefined : textOf(found.data);
        return text === undefined ? found : { ...found, data: Buffer.from(redactor.current.redact(text)) };
      },
      walk: (options) => files.walk(options),
      write: async (path, data, options) => {
        const written = await files.write(path, await withValues(path, data), options);
        announce(path, written.entry.etag);
        return written;
      },
      rename: async (from, to, options) => {
        await files.rename(from, to, options);
        announce(from, undefined);
        announce(to, (await files.stat(to))?.etag);
      },
      remove: async (path, options) => {
        await files.remove(path, options);
        announce(path, undefined);
      },
    },
  };
}
