import { StringDecoder } from "node:string_decoder";
import type { List, ShellClientFrame, ShellServerFrame, ShellSession } from "@tesslate/contract";
import { RuntimeError, type Pty, type Sandbox } from "@tesslate/runtime";
import type { ContainerRow } from "../containers/containers.table.ts";
import type { ProjectRow } from "../projects/projects.table.ts";
import { AppError, conflict, notFound } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../platform/pages.ts";
import { createScrollback, type Scrollback } from "./scrollback.ts";
import type { ShellStore } from "./shell.store.ts";
import type { ShellSessionRow } from "./shell.table.ts";

/** What terminals need of projects and containers. */
export interface ShellAccess {
  require(userId: string, ref: string): Promise<ProjectRow>;
  sandboxOf(project: ProjectRow): Promise<Sandbox>;
  /** Wakes a frozen project before it is dialled. */
  awake(projectId: string): Promise<void>;
  /** Somebody works in the project: it must not fall asleep. */
  activity(projectId: string): void;
  /** A terminal is open: its programs must not be put to sleep until the returned function is called. */
  hold(projectId: string): () => void;
  listContainers(projectId: string): Promise<ContainerRow[]>;
  environmentOf(project: ProjectRow, container: ContainerRow): Promise<Record<string, string>>;
}
/** The part of a socket a terminal uses. */
export interface TerminalSocket {
  readonly frames: AsyncIterable<unknown>;
  send(frame: ShellServerFrame): boolean;
  close(code: number, reason?: string): void;
  readonly signal: AbortSignal;
}

const maxOpenPerOwner = 100;
const idleMs = 30 * 60_000;
const maxLifeMs = 8 * 3_600_000;
const scrollbackBytes = 10 * 1024 * 1024;
const flushMs = 16;
const maxInputBytes = 64 * 1024;
const closed = { normal: 1000, tooBig: 1009, notFound: 4404, idle: 4408, stopped: 4410 } as const;

interface Terminal {
  row: ShellSessionRow;
  pty: Pty;
  scrollback: Scrollback;
  sockets: Set<TerminalSocket>;
  /** Incomplete characters wait here for their rest. */
  decoder: StringDecoder;
  outgoing: string;
  flushTimer: NodeJS.Timeout | undefined;
  lastActivity: number;
  bytesOut: number;
  bytesIn: number;
  reads: number;
  isDirty: boolean;
  letGo: () => void;
}

export type Shell = ReturnType<typeof createShell>;

/** Terminals (accounts-projects 5). Programs belong to this process; sessions outlive their sockets, not the process. */
export function createShell({ access, store, log, processId }: { access: ShellAccess; store: ShellStore; log: Logger; processId: number }) {
  const terminals = new Map<string, Terminal>();

  const broadcast = (terminal: Terminal, frame: ShellServerFrame) => {
    for (const socket of terminal.sockets) socket.send(frame);
  };
  const flush = (terminal: Terminal) => {
    terminal.flushTimer = undefined;
    if (terminal.outgoing === "") return;
    broadcast(terminal, { type: "output", data: terminal.outgoing });
    terminal.outgoing = "";
  };
  const end = async (terminal: Terminal, code: number, reason: string, last?: ShellServerFrame) => {
    if (!terminals.delete(terminal.row.id)) return;
    terminal.letGo();
    clearTimeout(terminal.flushTimer);
    flush(terminal);
    if (last) broadcast(terminal, last);
    for (const socket of terminal.sockets) socket.close(code, reason);
    terminal.sockets.clear();
    await terminal.pty.kill().catch((err: unknown) => log.warn({ err, session_id: terminal.row.id }, "terminal not killed"));
    await store.close(terminal.row.id, countsOf(terminal));
    log.info({ session_id: terminal.row.id, reason }, "terminal closed");
  };
  const countsOf = (t: Terminal) => ({
    bytes_read: t.bytesOut,
    bytes_written: t.bytesIn,
    total_reads: t.reads,
    last_activity_at: new Date(t.lastActivity).toISOString(),
  });

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const terminal of terminals.values()) {
      const isOld = now - Date.parse(terminal.row.created_at) > maxLifeMs;
      if (isOld) void end(terminal, closed.stopped, "8 hour limit");
      else if (now - terminal.lastActivity > idleMs) void end(terminal, closed.idle, "idle");
      else if (terminal.isDirty) {
        terminal.isDirty = false;
        void store.update(terminal.row.id, countsOf(terminal)).catch((err: unknown) => log.warn({ err }, "terminal counts not written"));
      }
    }
  }, 60_000);
  sweep.unref();

  const touched = (terminal: Terminal) => {
    terminal.lastActivity = Date.now();
    terminal.isDirty = true;
    access.activity(terminal.row.project_id);
  };
  const requireOwn = async (userId: string, id: string): Promise<ShellSessionRow> => {
    const row = await store.find(id);
    if (!row || row.user_id !== userId) throw notFound("Shell session");
    return row;
  };
  const liveRow = (row: ShellSessionRow): ShellSessionRow => {
    const terminal = terminals.get(row.id);
    return terminal ? { ...row, ...countsOf(terminal) } : row;
  };

  const chooseContainer = async (project: ProjectRow, name: string | undefined | null): Promise<ContainerRow> => {
    const containers = (await access.listContainers(project.id)).filter((c) => c.deployment_mode === "container");
    const isUp = (c: ContainerRow) => ["running", "starting", "frozen"].includes(c.status);
    if (name) {
      const found = containers.find((c) => c.name === name || c.service_key === name || c.container_name === name);
      if (!found) throw notFound("Container");
      if (!isUp(found)) throw conflict("not_running", "This container is not running. Start it first.");
      return found;
    }
    const running = containers.find(isUp);
    if (!running) throw conflict("not_running", "No container of this project is running. Start it first.");
    return running;
  };

  const adopt = (row: ShellSessionRow, pty: Pty): Terminal => {
    const terminal: Terminal = {
      row,
      pty,
      scrollback: createScrollback(scrollbackBytes),
      sockets: new Set(),
      decoder: new StringDecoder("utf8"),
      outgoing: "",
      flushTimer: undefined,
      lastActivity: Date.now(),
      bytesOut: 0,
      bytesIn: 0,
      reads: 0,
      isDirty: false,
      letGo: access.hold(row.project_id),
    };
    pty.onData((data) => {
      terminal.scrollback.push(data);
      terminal.bytesOut += data.byteLength;
      terminal.isDirty = true;
      if (terminal.sockets.size === 0) return void terminal.decoder.write(Buffer.from(data));
      terminal.outgoing += terminal.decoder.write(Buffer.from(data));
      // A key's echo leaves at once; floods are gathered.
      if (terminal.outgoing.length > 64 * 1024) flush(terminal);
      else terminal.flushTimer ??= setTimeout(flush, data.byteLength < 256 && terminal.outgoing.length < 512 ? 1 : flushMs, terminal);
    });
    pty.onExit(({ exitCode }) => void end(terminal, closed.normal, "exited", { type: "exit", code: exitCode }));
    terminals.set(row.id, terminal);
    return terminal;
  };

  return {
    create: async (
      userId: string,
      input: { project_id: string; command?: string; container_name?: string | null; cols?: number; rows?: number },
    ): Promise<ShellSession & { ws_url: string }> => {
      const project = await access.require(userId, input.project_id);
      const container = await chooseContainer(project, input.container_name);
      const command = input.command ?? "/bin/bash";
      const [cols, rows] = [input.cols ?? 80, input.rows ?? 24];
      const cwd = container.directory === "." ? "." : container.directory;
      const row = await store.insertWithin(maxOpenPerOwner, {
        user_id: userId,
        project_id: project.id,
        container_id: container.id,
        container_name: container.container_name,
        command,
        working_dir: cwd === "." ? "/app" : `/app/${cwd}`,
        cols,
        rows,
        process_id: processId,
      });
      if (!row)
        throw new AppError("shell_limit", `At most ${maxOpenPerOwner} terminals may be open at once. Close one first.`, {
          retryAfterSeconds: 60,
        });
      try {
        const sandbox = await access.sandboxOf(project);
        await access.awake(project.id);
        const environment = await access.environmentOf(project, container);
        // The person's own command line: a shell inside the sandbox reads it, ours never does.
        const argv =
          input.command === undefined
            ? ["/bin/sh", "-c", "if [ -x /bin/bash ]; then exec /bin/bash -i; else exec /bin/sh -i; fi"]
            : ["/bin/sh", "-c", command];
        const pty = await sandbox.pty(argv, { cwd, cols, rows, env: { ...environment, TERM: "xterm-256color", COLORTERM: "truecolor" } });
        adopt(row, pty);
      } catch (cause) {
        await store.close(row.id, { status: "failed" });
        if (cause instanceof AppError || (cause instanceof RuntimeError && cause.code === "not_supported")) throw cause;
        throw new AppError("pty_failed", "The terminal could not be opened.", { cause });
      }
      await store.update(row.id, { status: "active" });
      access.activity(project.id);
      return { ...wireOf({ ...row, status: "active" }), ws_url: `/api/shell/ws/${row.id}` };
    },
    list: async (userId: string, query: PageQuery & { project_id?: string }): Promise<List<ShellSession>> => {
      const projectId = query.project_id === undefined ? undefined : (await access.require(userId, query.project_id)).id;
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, projectId, page);
      return page.envelope(
        rows.map((r) => wireOf(liveRow(r))),
        total,
      );
    },
    get: async (userId: string, id: string): Promise<ShellSession> => wireOf(liveRow(await requireOwn(userId, id))),
    remove: async (userId: string, id: string): Promise<void> => {
      const row = await requireOwn(userId, id);
      const terminal = terminals.get(id);
      if (terminal) await end(terminal, closed.normal, "closed", { type: "status", message: "Session ended." });
      else await store.close(row.id);
    },
    /** Attaches a socket until it closes. Any number may be attached; all see the output, all may type, the last resize wins. */
    attach: async (userId: string, id: string, socket: TerminalSocket): Promise<void> => {
      await requireOwn(userId, id);
      const terminal = terminals.get(id);
      if (!terminal) throw notFound("Shell session");
      flush(terminal);
      socket.send({ type: "status", message: "attached" });
      const history = Buffer.from(terminal.scrollback.read()).toString("utf8");
      if (history !== "") socket.send({ type: "output", data: history });
      terminal.sockets.add(socket);
      terminal.reads += 1;
      touched(terminal);
      log.info({ session_id: id, user_id: userId }, "terminal attached");
      try {
        for await (const frame of socket.frames) {
          const problem = handleFrame(terminal, socket, frame);
          if (problem) socket.send({ type: "error", data: problem });
          if (!terminals.has(id)) return;
        }
      } finally {
        terminal.sockets.delete(socket);
        log.info({ session_id: id, user_id: userId }, "terminal detached");
      }
    },
    /** Ends every terminal of a project, e.g. because it stops. */
    closeProject: async (projectId: string): Promise<void> => {
      await Promise.all(
        [...terminals.values()]
          .filter((t) => t.row.project_id === projectId)
          .map((t) => end(t, closed.stopped, "project stopped", { type: "status", message: "The project was stopped." })),
      );
    },
    closeContainer: async (containerId: string): Promise<void> => {
      await Promise.all(
        [...terminals.values()]
          .filter((t) => t.row.container_id === containerId)
          .map((t) => end(t, closed.stopped, "container removed", { type: "status", message: "The container was removed." })),
      );
    },
    /** At start: rows left by processes that are gone stop counting. */
    reconcile: () => store.closeOrphans(),
    close: async (): Promise<void> => {
      clearInterval(sweep);
      await Promise.all(
        [...terminals.values()].map((t) =>
          end(t, closed.stopped, "server stops", { type: "status", message: "The server is restarting." }),
        ),
      );
    },
  };

  function handleFrame(terminal: Terminal, socket: TerminalSocket, given: unknown): { message: string; code: string } | undefined {
    const frame = given as Partial<ShellClientFrame> | undefined | null;
    if (typeof frame !== "object" || frame === null) return { message: "Frames are JSON objects.", code: "bad_frame" };
    switch (frame.type) {
      case "input": {
        const { data } = frame as { data?: unknown };
        if (typeof data !== "string") return { message: "`data` must be a string.", code: "bad_frame" };
        if (Buffer.byteLength(data) > maxInputBytes) return void socket.close(closed.tooBig, "frame too big");
        terminal.bytesIn += Buffer.byteLength(data);
        touched(terminal);
        terminal.pty.write(data);
        return undefined;
      }
      case "resize": {
        const { cols, rows } = frame as { cols?: unknown; rows?: unknown };
        const clamp = (v: unknown, fallback: number, min: number, max: number) =>
          Math.min(max, Math.max(min, typeof v === "number" && Number.isFinite(v) ? Math.round(v) : fallback));
        terminal.pty.resize(clamp(cols, 80, 2, 500), clamp(rows, 24, 1, 200));
        touched(terminal);
        return undefined;
      }
      case "ping":
        socket.send({ type: "pong" });
        return undefined;
      case "close":
        void end(terminal, closed.normal, "closed", { type: "status", message: "Session ended." });
        return undefined;
      default:
        // Authentication by first frame was settled before; a repeated one is no error.
        return (frame as { type?: string }).type === "auth" ? undefined : { message: "Unknown frame type.", code: "bad_frame" };
    }
  }
}

function wireOf(row: ShellSessionRow): ShellSession {
  const {
    id,
    project_id,
    command,
    working_dir,
    status,
    created_at,
    last_activity_at,
    bytes_read,
    bytes_written,
    total_reads,
    container_name,
    cols,
    rows,
    closed_at,
  } = row;
  return {
    id,
    project_id,
    command,
    working_dir,
    status,
    created_at,
    last_activity_at,
    bytes_read,
    bytes_written,
    total_reads,
    container_name,
    cols,
    rows,
    closed_at,
  };
}
