import type { List, ShellServerFrame, ShellSession } from "@tesslate/contract";
import { RuntimeError, type Pty, type Sandbox } from "@tesslate/runtime";
import type { ContainerRow, ShellSessionRow } from "../../../db/schema/runtime.ts";
import { workingDirOf } from "../containers/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { ShellStore } from "./shell.store.ts";
import { closed, createTerminal, type ShellLimits, type ShellTerminal, type TerminalSocket } from "./terminal.ts";

/** What terminals need from projects and containers. */
export interface ShellAccess {
  require(userId: string, ref: string): Promise<ProjectRow>;
  find(projectId: string): Promise<ProjectRow | undefined>;
  sandboxOf(project: ProjectRow): Promise<Sandbox>;
  /** Thaws a frozen project before connecting. */
  awake(projectId: string): Promise<void>;
  /** Records use of the project. */
  activity(projectId: string): void;
  /** Holds the project until the returned function is called. */
  hold(projectId: string): () => void;
  listContainers(projectId: string): Promise<ContainerRow[]>;
  /** The system-wide git configuration for that user's terminals. */
  gitConfigOf(userId: string): Promise<string>;
  environmentOf(project: ProjectRow, container: ContainerRow): Promise<Record<string, string>>;
  /** Redacts the values of that environment in output and scrollback. */
  redactor(projectId: string): Promise<LiveRedactor>;
}
interface Session {
  row: ShellSessionRow;
  terminal: ShellTerminal;
  release: () => void;
}

export type Shell = ReturnType<typeof createShell>;

/** The prompt is the folder, unless a file of the container's image or of the person sets another one. */
const openShell = String.raw`if [ -x /bin/bash ]; then export PS1='\[\e[34m\]\w\[\e[0m\] \$ '; exec /bin/bash -i; else exec /bin/sh -i; fi`;

/** Terminals. Sessions outlive their sockets; of one of several servers, also the process. */
export function createShell({
  access,
  store,
  limits,
  log,
  processId,
  isOneOfSeveral,
}: {
  access: ShellAccess;
  store: ShellStore;
  limits: ShellLimits;
  log: Logger;
  processId: number;
  /** Terminals outlive this server: another one continues them. */
  isOneOfSeveral: boolean;
}) {
  const sessions = new Map<string, Session>();
  /** Recently exited programs, kept for clients that are about to attach. */
  const ended = new Map<string, { session: Session; exit: ShellServerFrame; forget: NodeJS.Timeout }>();
  const forget = (id: string) => {
    clearTimeout(ended.get(id)?.forget);
    ended.delete(id);
  };
  const keep = (session: Session, exit: ShellServerFrame) => {
    const { id } = session.row;
    ended.set(id, { session, exit, forget: setTimeout(forget, limits.keptMs, id).unref() });
    // Bounded, because each holds its scrollback.
    const [oldest] = ended.keys();
    if (ended.size > limits.maxOpen && oldest !== undefined) forget(oldest);
  };

  const end = async ({ row, terminal, release }: Session, code: number, reason: string, last?: ShellServerFrame) => {
    if (!sessions.delete(row.id)) return;
    release();
    terminal.finish();
    // Store before notifying; a terminal ends even when the write fails.
    const written = store.close(row.id, terminal.counts());
    await written.catch(() => undefined);
    await terminal.end(code, reason, last).catch((err: unknown) => log.warn({ err, session_id: row.id }, "terminal not killed"));
    await written;
    log.info({ session_id: row.id, project_id: row.project_id, user_id: row.user_id, reason }, "terminal closed");
  };
  const endSoon = (...given: Parameters<typeof end>) =>
    void end(...given).catch((err: unknown) => log.error({ err, session_id: given[0].row.id }, "terminal end not written"));
  const endAll = async (which: (row: ShellSessionRow) => boolean, code: number, reason: string, message: string) => {
    await Promise.all([...sessions.values()].filter((s) => which(s.row)).map((s) => end(s, code, reason, { type: "status", message })));
  };

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const session of sessions.values()) {
      const { row, terminal } = session;
      if (now - Date.parse(row.created_at) > limits.maxLifeMs)
        endSoon(session, closed.stopped, "8 hour limit", { type: "status", message: "This terminal was closed after 8 hours." });
      else if (now - terminal.lastActivity > limits.idleMs)
        endSoon(session, closed.idle, "idle", { type: "status", message: "This terminal was closed because it was idle." });
      else if (terminal.takeDirty())
        void store.update(row.id, terminal.counts()).catch((err: unknown) => log.warn({ err }, "terminal counts not written"));
    }
  }, limits.sweepMs);
  sweep.unref();

  const requireOwn = async (userId: string, id: string): Promise<ShellSessionRow> => {
    const row = await store.find(id);
    if (!row || row.user_id !== userId) throw notFound("Shell session");
    return row;
  };
  const liveRow = (row: ShellSessionRow): ShellSessionRow => {
    const session = sessions.get(row.id);
    return session ? { ...row, ...session.terminal.counts() } : row;
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

  const begin = (row: ShellSessionRow, pty: Pty, redactor: LiveRedactor) => {
    const terminal = createTerminal({ pty, redactor, limits, onTouched: () => access.activity(row.project_id) });
    const session: Session = { row, terminal, release: access.hold(row.project_id) };
    sessions.set(row.id, session);
    pty.onExit(({ exitCode }) => {
      const exit = { type: "exit", code: exitCode } as const;
      if (sessions.has(row.id)) keep(session, exit);
      endSoon(session, closed.normal, "exited", exit);
    });
  };
  /** Continues a terminal that another server has left on the runner. */
  const adopt = async (project: ProjectRow, row: ShellSessionRow): Promise<void> => {
    if (sessions.has(row.id)) return;
    try {
      const sandbox = await access.sandboxOf(project);
      const redactor = await access.redactor(project.id);
      const pty = await sandbox.attachPty?.(row.id);
      if (!pty) return;
      begin({ ...row, process_id: processId }, pty, redactor);
      await store.update(row.id, { process_id: processId });
      log.info({ session_id: row.id, project_id: row.project_id }, "terminal continued");
    } catch (err) {
      log.info({ err, session_id: row.id, project_id: row.project_id }, "terminal not continued");
      await store.close(row.id);
    }
  };

  return {
    /** When this server has become the owner of projects: continues their terminals. */
    adopt: async (projectIds: string[]): Promise<void> => {
      for (const row of await store.listOpenOf(projectIds)) {
        const project = await access.find(row.project_id);
        if (project) await adopt(project, row);
      }
    },
    /** When another server becomes the owner: leaves the terminals running, and their sockets connect again. */
    release: async (projectIds: string[]): Promise<void> => {
      for (const session of [...sessions.values()].filter(({ row }) => projectIds.includes(row.project_id))) {
        sessions.delete(session.row.id);
        session.release();
        await store.update(session.row.id, session.terminal.counts());
        await session.terminal.leave();
      }
    },
    create: async (
      userId: string,
      input: { project_id: string; command?: string; container_name?: string | null; cols?: number; rows?: number },
    ): Promise<ShellSession & { ws_url: string }> => {
      const project = await access.require(userId, input.project_id);
      const container = await chooseContainer(project, input.container_name);
      const command = input.command ?? "/bin/bash";
      const [cols, rows] = [input.cols ?? 80, input.rows ?? 24];
      const cwd = workingDirOf(container);
      const row = await store.insertWithin(limits.maxOpen, {
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
        throw new AppError("shell_limit", `You can have at most ${limits.maxOpen} open terminals. Close one first.`, {
          retryAfterSeconds: 60,
        });
      try {
        const sandbox = await access.sandboxOf(project);
        await access.awake(project.id);
        const environment = await access.environmentOf(project, container);
        const redactor = await access.redactor(project.id);
        // The user's own command line, interpreted by a shell inside the sandbox only.
        const argv = command === "/bin/bash" ? ["/bin/sh", "-c", openShell] : ["/bin/sh", "-c", command];
        const pty = await sandbox.pty(withGitConfig(await access.gitConfigOf(userId), argv), {
          cwd,
          cols,
          rows,
          env: { ...environment, TERM: "xterm-256color", COLORTERM: "truecolor" },
          ...(isOneOfSeveral && { keepAs: row.id }),
        });
        begin(row, pty, redactor);
      } catch (cause) {
        await store.close(row.id, { status: "failed" });
        if (cause instanceof AppError || (cause instanceof RuntimeError && cause.code === "not_supported")) throw cause;
        throw new AppError("pty_failed", "The terminal could not be opened. Try again.", { cause });
      }
      await store.update(row.id, { status: "active" });
      access.activity(project.id);
      return { ...presentSession({ ...row, status: "active" }), ws_url: `/api/shell/ws/${row.id}` };
    },
    list: async (userId: string, query: PageQuery & { project_id?: string }): Promise<List<ShellSession>> => {
      const projectId = query.project_id === undefined ? undefined : (await access.require(userId, query.project_id)).id;
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, projectId, page);
      return page.envelope(
        rows.map((r) => presentSession(liveRow(r))),
        total,
      );
    },
    get: async (userId: string, id: string): Promise<ShellSession> => presentSession(liveRow(await requireOwn(userId, id))),
    remove: async (userId: string, id: string): Promise<void> => {
      const row = await requireOwn(userId, id);
      const session = sessions.get(id);
      // An exited session is kept for a while and can be deleted until then.
      if (!session && !ended.has(id) && row.closed_at !== null) throw notFound("Shell session");
      forget(id);
      if (session) await end(session, closed.normal, "closed", { type: "status", message: "Session ended." });
      else await store.close(row.id);
    },
    /**
     * Attaches a socket until it closes. Any number may be attached; all see the output, all may type, the last resize wins. For a program
     * that has just exited it sends the output and the exit.
     */
    attach: async (userId: string, id: string, socket: TerminalSocket): Promise<void> => {
      await requireOwn(userId, id);
      const session = sessions.get(id);
      const exited = ended.get(id);
      if (!session && exited) return exited.session.terminal.recount(socket, exited.exit);
      if (!session) throw notFound("Shell session");
      const { terminal, row } = session;
      const leave = terminal.join(socket);
      const facts = { session_id: id, user_id: userId, project_id: row.project_id };
      log.info({ ...facts, viewers: terminal.viewers() }, "terminal attached");
      try {
        for await (const frame of socket.frames) {
          const problem = terminal.handle(socket, frame);
          if (problem === "end") endSoon(session, closed.normal, "closed", { type: "status", message: "Session ended." });
          else if (problem) socket.send({ type: "error", data: problem });
        }
      } finally {
        leave();
        log.info({ ...facts, viewers: terminal.viewers() }, "terminal detached");
      }
    },
    /** Closes every terminal of a project, for example when it stops. */
    closeProject: (projectId: string): Promise<void> =>
      endAll((row) => row.project_id === projectId, closed.stopped, "project stopped", "The project was stopped."),
    closeContainer: (containerId: string): Promise<void> =>
      endAll((row) => row.container_id === containerId, closed.stopped, "container stopped", "The container was stopped."),
    /** At boot: closes rows of crashed processes. Of several servers, the next owner of their project continues them. */
    reconcile: async (): Promise<void> => {
      if (!isOneOfSeveral) await store.closeOrphans();
    },
    close: async (): Promise<void> => {
      clearInterval(sweep);
      for (const id of ended.keys()) forget(id);
      await endAll(() => true, closed.restarting, "server stops", "The server is restarting.");
    },
  };
}

/** In the user's home, because programs see no other folder of ours; git works without it when it cannot be written. */
const enter = `config=$1; shift
dir="$HOME/.config/studio"
if mkdir -p "$dir" && printf %s "$config" > "$dir/gitconfig.$$" && mv "$dir/gitconfig.$$" "$dir/gitconfig"; then
  export GIT_CONFIG_SYSTEM="$dir/gitconfig"
fi 2>/dev/null
unset config dir
exec "$@"`;
const withGitConfig = (config: string, argv: readonly string[]): string[] => ["/bin/sh", "-c", enter, "sh", config, ...argv];

function presentSession(row: ShellSessionRow): ShellSession {
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
