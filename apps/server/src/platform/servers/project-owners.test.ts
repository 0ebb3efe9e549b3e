import { expect, test, vi } from "vitest";
import { testPlatform, type TestPlatform } from "../../testing/platform.ts";
import { liveProcesses } from "../presence.ts";
import { createProjectOwners, createProjectLookup, registerServer, type ProjectOwners, type ServerRegistry } from "./index.ts";

/** Long enough for a busy machine. */
const times = { leaseMs: 3_000, silentMs: 2_000, renewMs: 50 };

interface Member {
  platform: TestPlatform;
  registry: ServerRegistry;
  owners: ProjectOwners;
  taken: string[];
  released: string[];
  lost: string[];
}
async function member(of?: TestPlatform, address = "http://10.0.0.1:8000", lease = times): Promise<Member> {
  const platform = await testPlatform(of ? { of } : {});
  const { database, bus, log, presence } = platform;
  const lost: string[] = [];
  const registry = await registerServer({
    db: database.db,
    connection: database.connection,
    address,
    version: "1.0.0",
    processId: presence.id,
    times: lease,
    onLost: (message) => lost.push(message),
    log,
  });
  const owners = createProjectOwners({ db: database.db, bus, server: registry, patienceMs: 3_000, log });
  const [taken, released]: [string[], string[]] = [[], []];
  owners.onTaken(async (ids) => void taken.push(...ids));
  owners.onReleased(async (ids) => void released.push(...ids));
  await registry.serve();
  return { platform, registry, owners, taken, released, lost };
}
test("the first server that needs a project owns it and its branches, and the others find it there", async () => {
  await using platform = await testPlatform();
  const a = await member(platform, "http://10.0.0.1:8000");
  const b = await member(platform, "http://10.0.0.2:8000");
  const { project_id, user_id } = await platform.project();
  const { rows } = await platform.database.pool.query<{ id: string }>(
    "insert into projects (owner_id, name, slug, branch_of) values ($1, 'Branch', $2, $3) returning id",
    [user_id, `branch-${project_id}`, project_id],
  );
  const branch = rows[0]?.id ?? "";

  const located = await Promise.all(
    Array.from({ length: 5 }, () => [a, b])
      .flat()
      .map(({ owners }) => owners.locate(branch)),
  );
  const here = await a.owners.locate(project_id);
  const [owner, other] = here.isHere ? [a, b] : [b, a];
  expect(located.filter(({ isHere }) => isHere)).toHaveLength(5);
  expect(await other.owners.locate(project_id)).toEqual({
    isHere: false,
    address: owner === a ? "http://10.0.0.1:8000" : "http://10.0.0.2:8000",
  });
  expect(owner.taken.toSorted()).toEqual([project_id, branch].toSorted());
  expect(other.taken).toEqual([]);
  expect(await other.owners.owns(branch)).toBe(false);
  expect(await owner.owners.owns(branch)).toBe(true);
  // One that does not exist is answered where it was asked for.
  expect(await other.owners.locate("00000000-0000-4000-8000-000000000000")).toMatchObject({ isHere: true });
  for (const { registry, platform: own } of [a, b]) {
    await registry.close();
    await own[Symbol.asyncDispose]();
  }
});

test("a server is refused while another one that is alive has its address, and accepted after that one has closed or was killed", async () => {
  await using platform = await testPlatform();
  const address = "http://10.0.0.1:8000";
  const first = await member(platform, address);
  await expect(member(platform, address)).rejects.toThrow(
    new RegExp(`^Another server \\(pid ${process.pid} on .+\\) has the SERVER_ADDRESS http://10\\.0\\.0\\.1:8000\\. Set SERVER_ADDRESS`),
  );
  await first.registry.close();
  // Killed: its lease is still valid, the lock of its process is released.
  const second = await member(platform, address, { leaseMs: 60_000, silentMs: 30_000, renewMs: 3_600_000 });
  await second.platform.presence.close();
  const third = await member(platform, address);
  for (const { registry } of [third, second]) await registry.close();
  for (const { platform: own } of [third, second, first]) await own[Symbol.asyncDispose]();
});

test("projects of a server whose lease has ended are taken over; a server that finds its lease ended says so", async () => {
  await using platform = await testPlatform();
  // As after `kill -9`: it does not renew its lease.
  const a = await member(platform, "http://10.0.0.1:8000", { leaseMs: 1_500, silentMs: 1_000, renewMs: 3_600_000 });
  const b = await member(platform, "http://10.0.0.2:8000");
  const { project_id } = await platform.project();
  expect(await a.owners.locate(project_id)).toMatchObject({ isHere: true });
  const ended = vi.fn<() => Promise<void>>(async () => undefined);
  b.registry.onEnded(ended);
  await vi.waitFor(() => expect(b.taken).toEqual([project_id]), { timeout: 10_000 });
  expect(ended).toHaveBeenCalledOnce();
  expect(await b.owners.locate(project_id, { isFresh: true })).toMatchObject({ isHere: true });
  const { rows } = await platform.database.pool.query("select epoch, is_orphaned from project_owners");
  expect(rows).toEqual([{ epoch: "2", is_orphaned: false }]);
  // Its process does not count as living, although it holds its lock.
  const alive = await platform.database.db.execute<{ id: number }>(liveProcesses);
  expect(alive.rows.flatMap((row) => Object.values(row))).not.toContain(a.platform.presence.id);

  await platform.database.pool.query("update servers set ended_at = now() where id = $1", [b.registry.id]);
  await vi.waitFor(() => expect(b.lost[0]).toMatch(/other servers have taken its projects/), { timeout: 5_000 });
  for (const { registry, platform: own } of [a, b]) {
    await registry.close();
    await own[Symbol.asyncDispose]();
  }
});

test("a drain waits for what uses a project, then another server takes it; meanwhile and afterwards requests find it", async () => {
  await using platform = await testPlatform();
  const a = await member(platform);
  const b = await member(platform, "http://10.0.0.2:8000");
  const { project_id } = await platform.project();
  const here = await a.owners.locate(project_id);
  if (!here.isHere) throw new Error("a did not take the project");
  await a.registry.drain();
  let isReleased = false;
  const releasing = a.owners.release(10_000).then(() => (isReleased = true));
  const waiting = a.owners.locate(project_id);
  expect(await b.owners.locate(project_id)).toEqual({ isHere: false, address: "http://10.0.0.1:8000" });
  expect([isReleased, a.released]).toEqual([false, []]);
  here.leave();
  await releasing;
  expect(a.released).toEqual([project_id]);
  expect(await waiting).toEqual({ isHere: false, address: "http://10.0.0.2:8000" });
  await vi.waitFor(() => expect(b.taken).toEqual([project_id]), { timeout: 5_000 });
  expect(await b.owners.locate(project_id, { isFresh: true })).toMatchObject({ isHere: true });
  for (const { registry, platform: own } of [a, b]) {
    await registry.close();
    await own[Symbol.asyncDispose]();
  }
});

test("an owner elsewhere is remembered without a query, and forgotten when another server has taken the project", async () => {
  await using platform = await testPlatform();
  const a = await member(platform, "http://10.0.0.1:8000");
  const b = await member(platform, "http://10.0.0.2:8000");
  const { project_id } = await platform.project();
  expect(await a.owners.locate(project_id)).toMatchObject({ isHere: true });
  expect(await b.owners.locate(project_id)).toEqual({ isHere: false, address: "http://10.0.0.1:8000" });
  const c = await member(platform, "http://10.0.0.3:8000");
  await b.registry.drain();
  let uses = 0;
  b.platform.database.pool.on("acquire", () => (uses += 1));
  for (let i = 0; i < 5; i++) expect(await b.owners.locate(project_id)).toEqual({ isHere: false, address: "http://10.0.0.1:8000" });
  expect(uses).toBe(0);
  await a.registry.drain();
  await a.owners.release(1_000);
  await vi.waitFor(() => expect(c.taken).toEqual([project_id]), { timeout: 5_000 });
  await vi.waitFor(async () => expect(await b.owners.locate(project_id)).toEqual({ isHere: false, address: "http://10.0.0.3:8000" }));
  for (const { registry, platform: own } of [a, b, c]) {
    await registry.close();
    await own[Symbol.asyncDispose]();
  }
});

test("finds the project of what belongs to it, and a slug that another project has now", async () => {
  await using platform = await testPlatform();
  const { project_id } = await platform.project();
  const lookup = createProjectLookup(platform.database.db);
  const { rows } = await platform.database.pool.query<{ slug: string }>("select slug from projects where id = $1", [project_id]);
  const slug = rows[0]?.slug ?? "";
  expect(await lookup.find("project", project_id)).toBe(project_id);
  expect(await lookup.find("project", slug)).toBe(project_id);
  await platform.database.pool.query("update projects set slug = 'moved' where id = $1", [project_id]);
  expect(await lookup.find("project", slug)).toBeUndefined();
  expect(await lookup.find("task", "not an id")).toBeUndefined();
  expect(await lookup.find("chat", project_id)).toBeUndefined();
});
