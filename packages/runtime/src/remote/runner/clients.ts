import { randomUUID } from "node:crypto";
import type { Link } from "../link.ts";
import { RuntimeError } from "../../errors.ts";
import type { StagedFile } from "../../types.ts";

/** A command of a client, until its result was acknowledged. */
export interface CommandRecord {
  readonly link: Link;
  readonly controller: AbortController;
  readonly endsWithClient: boolean;
}

/** What the runner keeps for a client across its connections. */
export interface RunnerClient {
  readonly id: string;
  readonly commands: Map<string, CommandRecord>;
  /** Changes of states that were sent, by sandbox: the client waits for them before it takes later results. */
  readonly subscriptions: Map<string, { subscription: string; count: number }>;
  /** Sandboxes that it opened. */
  readonly opened: Set<string>;
  stage(sandbox: string, file: StagedFile): string;
  /** Throws `not_found`. */
  takeStaged(sandbox: string, id: string): StagedFile;
  readonly stagedCount: number;
  /** It was placed or discarded. */
  dropStaged(id: string): void;
  /** Also calls that end with it observe this. */
  readonly gone: AbortSignal;
}

export interface Clients {
  /** A call of a client arrived on a session. */
  arrive(id: string, session: { once(event: "close", listener: () => void): unknown }): RunnerClient;
  find(id: string): RunnerClient | undefined;
  /** It will not come back. */
  leave(id: string): void;
  /** Whether a client besides this one opened the sandbox. */
  isOpenElsewhere(client: RunnerClient, sandbox: string): boolean;
  all(): Iterable<RunnerClient>;
}

const maxCommands = 10_000;
const maxStaged = 10_000;

/** `graceMs`: how long a client without a connection is waited for. `onCount`: how many clients there are, whenever that changes. */
export function createClients(graceMs: number, onCount: (count: number) => void): Clients {
  const clients = new Map<string, { client: RunnerClient; sessions: Set<object>; end: () => void; timer?: NodeJS.Timeout }>();

  function create(id: string) {
    const gone = new AbortController();
    const staged = new Map<string, { sandbox: string; file: StagedFile }>();
    const commands = new Map<string, CommandRecord>();
    const client: RunnerClient = {
      id,
      commands,
      subscriptions: new Map(),
      opened: new Set(),
      gone: gone.signal,
      stage(sandbox, file) {
        if (gone.signal.aborted || staged.size >= maxStaged) {
          void file.discard().catch(() => {});
          throw new RuntimeError("unavailable", `This server has ${staged.size} staged files: more are not kept.`);
        }
        const key = randomUUID();
        staged.set(key, { sandbox, file });
        return key;
      },
      takeStaged(sandbox, key) {
        const found = staged.get(key);
        if (found?.sandbox !== sandbox) throw new RuntimeError("not_found", "The staged file was placed, discarded or lost.");
        return found.file;
      },
      get stagedCount() {
        return staged.size;
      },
      dropStaged: (key) => void staged.delete(key),
    };
    const end = () => {
      clients.delete(id);
      onCount(clients.size);
      gone.abort();
      for (const { link, controller, endsWithClient } of commands.values()) {
        if (endsWithClient) controller.abort();
        link.fail(new RuntimeError("unavailable", "The server that called is gone."));
      }
      for (const { file } of staged.values()) void file.discard().catch(() => {});
      staged.clear();
    };
    return { client, sessions: new Set<object>(), end };
  }

  return {
    arrive(id, session) {
      let known = clients.get(id);
      if (!known) {
        known = create(id);
        clients.set(id, known);
        onCount(clients.size);
      }
      const { sessions, client } = known;
      if (!sessions.has(session)) {
        sessions.add(session);
        clearTimeout(known.timer);
        const kept = known;
        session.once("close", () => {
          sessions.delete(session);
          if (sessions.size > 0 || client.gone.aborted) return;
          kept.timer = setTimeout(kept.end, graceMs);
        });
      }
      return client;
    },
    find: (id) => clients.get(id)?.client,
    leave(id) {
      const known = clients.get(id);
      clearTimeout(known?.timer);
      known?.end();
    },
    isOpenElsewhere: (client, sandbox) =>
      [...clients.values()].some((other) => other.client !== client && other.client.opened.has(sandbox)),
    all: () => [...clients.values()].map(({ client }) => client),
  };
}

/** Refuses a command beyond the limit of its client. */
export function checkCommands({ commands }: RunnerClient): void {
  if (commands.size >= maxCommands)
    throw new RuntimeError("unavailable", `This server has ${maxCommands} commands running on the runner: wait for some to end.`);
}
