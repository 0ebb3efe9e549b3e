import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { forEachConcurrently } from "../concurrency.ts";
import type { Bus } from "../bus.ts";
import type { Database } from "../database.ts";
import { AppError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { ServerRegistry } from "./registry.ts";

/** Where the live state of a project is. If it is here, it stays until `leave` is called. */
type ProjectLocation = { isHere: true; leave(): void } | { isHere: false; address: string };

/**
 * Which server holds the live state of a project and its branches. At most one does; the first that needs a project becomes its owner. A
 * server that is the only one owns all.
 */
export interface ProjectOwners {
  /** False: this is the only server. */
  readonly isOneOfSeveral: boolean;
  /** Takes the project when no server has it. `isFresh`: what was found last is wrong. */
  locate(projectId: string, options?: { isFresh?: boolean }): Promise<ProjectLocation>;
  /** Whether this server owns the project now. Does not wait until its state was taken over. */
  owns(projectId: string): Promise<boolean>;
  /** Work on a project that this server owns: it stays here until the returned function is called. */
  use(projectId: string): () => void;
  /** Called after this server has become the owner, with the project and its branches, before anything else uses it. */
  onTaken(listener: (projectIds: string[]) => Promise<void>): void;
  /** Called before this server hands over projects. */
  onReleased(listener: (projectIds: string[]) => Promise<void>): void;
  /** At boot: projects that need an owner although nothing asks for them get one. */
  claimActive(): Promise<void>;
  /** Hands over all projects, each as soon as it is unused, or after `patienceMs`. */
  release(patienceMs: number): Promise<void>;
}

/** Of a server that is the only one. */
export const soleOwner: ProjectOwners = {
  isOneOfSeveral: false,
  locate: async () => ({ isHere: true, leave: () => undefined }),
  owns: async () => true,
  use: () => () => undefined,
  onTaken: () => undefined,
  onReleased: () => undefined,
  claimActive: async () => undefined,
  release: async () => undefined,
};

interface OwnersNotification {
  from: string;
  /** Projects that have another owner, or none. */
  ids: string[];
  /** They have another owner. */
  isTaken?: true;
}

interface Owned {
  /** Its state was taken over. */
  ready: Promise<void>;
  uses: number;
  /** Called when nothing uses it. */
  unused: () => void;
  /** Resolves when it was handed over. */
  leaving: Promise<void> | undefined;
}

const channel = "project_owners";
/** How long an owner elsewhere is remembered. Servers are notified of a change, and a server that is no longer the owner refuses requests. */
const rememberMs = 10_000;
const maxRemembered = 20_000;
/** How many orphaned projects a server takes at once, so that others take some too. */
const takenAtOnce = 10;
const neverAborted = new AbortController().signal;

export function createProjectOwners({
  db,
  bus,
  server,
  patienceMs,
  log,
}: {
  db: Database;
  bus: Bus;
  server: ServerRegistry;
  /** How long a request waits for an owner. */
  patienceMs: number;
  log: Logger;
}): ProjectOwners {
  const owned = new Map<string, Owned>();
  const elsewhere = new Map<string, { address: string; until: number }>();
  /** A branch belongs to its project. */
  const roots = new Map<string, string>();
  const taken: ((projectIds: string[]) => Promise<void>)[] = [];
  const released: ((projectIds: string[]) => Promise<void>)[] = [];

  const rootOf = async (projectId: string): Promise<string> => {
    const known = roots.get(projectId);
    if (known !== undefined) return known;
    const { rows } = await db.execute<{ root: string }>(sql`select coalesce(branch_of, id) as root from projects where id = ${projectId}`);
    const root = rows[0]?.root;
    if (root === undefined) return projectId;
    if (roots.size >= maxRemembered) roots.clear();
    roots.set(projectId, root);
    return root;
  };
  const exists = async (root: string): Promise<boolean> =>
    (await db.execute<{ id: string }>(sql`select id from projects where id = ${root}`)).rows.length > 0;
  const familyOf = async (root: string): Promise<string[]> => {
    const { rows } = await db.execute<{ id: string }>(sql`select id from projects where id = ${root} or branch_of = ${root}`);
    return rows.map(({ id }) => id);
  };
  const each = async (listeners: readonly ((ids: string[]) => Promise<void>)[], root: string, what: string): Promise<void> => {
    const ids = await familyOf(root);
    for (const listener of listeners)
      await listener(ids).catch((err: unknown) => log.error({ err, project_id: root }, `project not ${what} completely`));
  };

  /** The database says that this server is the owner. */
  const begin = (root: string): Owned => {
    const known = owned.get(root);
    if (known) return known;
    elsewhere.delete(root);
    const entry: Owned = { uses: 0, unused: () => undefined, ready: Promise.resolve(), leaving: undefined };
    owned.set(root, entry);
    entry.ready = each(taken, root, "taken over").catch((err: unknown) => log.error({ err, project_id: root }, "project not taken over"));
    log.debug({ project_id: root }, "project taken");
    return entry;
  };
  const isLive = sql`exists (select from servers me where me.id = ${server.id} and me.ended_at is null and me.lease_until > now() and me.accepts_projects)`;
  const acquire = async (root: string): Promise<boolean> => {
    const { rows } = await db.execute<{ epoch: string }>(
      sql`insert into project_owners as o (project_id, server_id)
        select p.id, ${server.id}::uuid from projects p where p.id = ${root} and ${isLive}
        on conflict (project_id) do update set server_id = excluded.server_id, epoch = o.epoch + 1, is_orphaned = false, taken_at = now()
          where o.server_id is null or o.server_id = excluded.server_id or exists (select from servers s where s.id = o.server_id and s.ended_at is not null)
        returning o.epoch`,
    );
    if (!rows[0]) return false;
    if (Number(rows[0].epoch) > 1) announceTaken([root]);
    return true;
  };
  /** The others may remember another owner. One that was not notified learns it when that one refuses its request. */
  const announceTaken = (ids: string[]): void => {
    const notification: OwnersNotification = { from: server.id, ids, isTaken: true };
    bus.notify(channel, notification).catch((err: unknown) => log.debug({ err }, "new owner not notified"));
  };
  /** Of the owner, or while this server accepts none of any other one, which becomes it. */
  const findAddress = async (root: string): Promise<string | undefined> => {
    const { rows } = await db.execute<{ address: string }>(
      sql`select s.address from project_owners o join servers s on s.id = o.server_id where o.project_id = ${root} and s.id <> ${server.id} and s.ended_at is null`,
    );
    if (rows[0] || server.acceptsProjects) return rows[0]?.address;
    const others = await db.execute<{ address: string }>(
      sql`select address from servers where id <> ${server.id} and ended_at is null and lease_until > now() and accepts_projects order by random() limit 1`,
    );
    return others.rows[0]?.address;
  };

  const use = (entry: Owned) => {
    entry.uses += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      entry.uses -= 1;
      if (entry.uses === 0) entry.unused();
    };
  };
  const locate = async (projectId: string, { isFresh = false } = {}): Promise<ProjectLocation> => {
    const root = await rootOf(projectId);
    for (const deadline = Date.now() + patienceMs; ;) {
      const here = owned.get(root);
      if (here) {
        await here.ready;
        if (!here.leaving) return { isHere: true, leave: use(here) };
        await here.leaving;
      }
      const known = isFresh ? undefined : elsewhere.get(root);
      if (known && known.until > Date.now()) return { isHere: false, address: known.address };
      // Reading first: taking a project writes, also when another server has it.
      let address = await findAddress(root);
      if (address === undefined && server.acceptsProjects) {
        if (await acquire(root)) {
          begin(root);
          continue;
        }
        address = await findAddress(root);
      }
      if (address !== undefined) {
        if (elsewhere.size >= maxRemembered) elsewhere.clear();
        elsewhere.set(root, { address, until: Date.now() + rememberMs });
        return { isHere: false, address };
      }
      if (!(await exists(root))) return { isHere: true, leave: () => undefined };
      if (Date.now() > deadline)
        throw new AppError("runtime_unavailable", "No server can take this project right now. Try again in a moment.");
      await sleep(100);
    }
  };

  const takeOrphans = async (): Promise<void> => {
    for (;;) {
      if (!server.acceptsProjects) return;
      const { rows } = await db.execute<{ project_id: string }>(
        sql`update project_owners set server_id = ${server.id}, epoch = epoch + 1, is_orphaned = false, taken_at = now()
          where is_orphaned and ${isLive} and project_id in (select project_id from project_owners where is_orphaned limit ${takenAtOnce} for update skip locked)
          returning project_id`,
      );
      if (rows.length > 0) announceTaken(rows.map(({ project_id }) => project_id));
      await forEachConcurrently(rows, 4, neverAborted, async ({ project_id }) => begin(project_id).ready);
      if (rows.length < takenAtOnce) return;
    }
  };
  server.onRenewed(async ({ hasOrphans }) => {
    if (hasOrphans) await takeOrphans();
  });
  bus.listen<OwnersNotification>(channel, ({ from, ids, isTaken }) => {
    if (from === server.id) return;
    for (const id of ids) elsewhere.delete(id);
    if (!isTaken) void server.check();
  });
  bus.onReconnect(() => elsewhere.clear());

  const unused = async (entry: Owned, deadline: number): Promise<void> => {
    if (entry.uses === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    entry.unused = resolve;
    await Promise.race([promise, sleep(Math.max(0, deadline - Date.now()), undefined, { ref: false })]);
  };

  const leave = async (root: string, entry: Owned, deadline: number): Promise<void> => {
    await entry.ready;
    await unused(entry, deadline);
    await each(released, root, "handed over");
    await db.execute(
      sql`update project_owners set server_id = null, is_orphaned = true where project_id = ${root} and server_id = ${server.id}`,
    );
    owned.delete(root);
    await bus.notify(channel, { from: server.id, ids: [root] } satisfies OwnersNotification);
  };

  return {
    isOneOfSeveral: true,
    locate,
    owns: async (projectId) => {
      const root = await rootOf(projectId);
      if (owned.has(root)) return true;
      if (!server.acceptsProjects || !(await acquire(root))) return false;
      begin(root);
      return true;
    },
    use: (projectId) => {
      const entry = owned.get(roots.get(projectId) ?? projectId);
      return entry ? use(entry) : () => undefined;
    },
    onTaken: (listener) => void taken.push(listener),
    onReleased: (listener) => void released.push(listener),
    claimActive: async () => {
      await db.execute(
        sql`insert into project_owners as o (project_id, is_orphaned)
          select p.id, true from projects p where p.branch_of is null and (p.is_deployed
            or exists (select from projects f where (f.id = p.id or f.branch_of = p.id) and f.environment_status in ('starting', 'stopping', 'active'))
            or exists (select from deployments d where d.project_id = p.id and d.program is not null))
          on conflict (project_id) do update set is_orphaned = true
            where o.server_id is null or exists (select from servers s where s.id = o.server_id and s.ended_at is not null)`,
      );
    },
    release: async (waitMs) => {
      const deadline = Date.now() + waitMs;
      await forEachConcurrently([...owned], 8, neverAborted, async ([root, entry]) => {
        entry.leaving ??= leave(root, entry, deadline);
        await entry.leaving;
      });
    },
  };
}
