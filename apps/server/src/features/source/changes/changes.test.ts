import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplyChanges, ChangeSet, RunEvent } from "@tesslate/contract";
import { call, say, turn } from "@tesslate/testkit";
import { chatWorld, find, collect, type ChatWorld } from "../../../testing/chat.ts";

const secret = "sk_live_4815162342aa";
const numbered = (change: (lines: string[]) => void = () => {}) => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`);
  change(lines);
  return `${lines.join("\n")}\n`;
};
const before: Record<string, string> = {
  "app.txt": numbered(),
  "old.txt": "going\n",
  "from.txt": numbered((lines) => lines.push("moves")),
  "link-target.txt": "x\n",
  "data.bin": "\0\u0001",
  "run.sh": "#!/bin/sh\n",
};
/** The agent's command, after a person's approval. */
const work = [
  "until [ -e go ]; do sleep 0.05; done; rm go",
  "sed -i -e 's/^line 3$/THREE/' -e 's/^line 20$/TWENTY/' app.txt",
  "rm old.txt; mv from.txt to.txt; sed -i 's/^line 10$/TEN/' to.txt",
  "mkdir -p src; printf 'a\\nb\\n' > src/new.txt; printf '\\000\\002' > data.bin; chmod +x run.sh",
  `echo 'KEY=[x]' > .env; printf 'const key = "%s"\\n' "$(echo ${secret.slice(0, 12)})${secret.slice(12)}" > key.ts`,
].join("; ");

let world: ChatWorld;
let events: RunEvent[];
let running: ChangeSet;
let busy: unknown;
beforeAll(async () => {
  world = await chatWorld({
    script: [
      turn(call("run_command", { command: work })),
      turn(say("Done.")),
      turn(call("write_file", { file_path: "later.txt", content: "later\n" })),
      turn(say("Later.")),
      turn(
        call("run_command", {
          command: "mkdir -p src dist/assets web/out; cp src/new.txt dist/assets/index.js; echo 1 > web/out/page.html",
        }),
        call("write_file", { file_path: "src/a.ts", content: "export const a = 1;\n" }),
        call("read_file", { file_path: "later.txt" }),
      ),
      turn(call("write_file", { file_path: "later.txt", content: "later\n" })),
      turn(say("Built.")),
    ],
  });
  const { app, owner, project, sandbox } = world;
  for (const [path, text] of Object.entries(before)) await sandbox.files.write(path, text);
  await app.as(owner).secrets.set({ params: { project_id: project.id }, body: { key: "STRIPE_KEY", value: secret } });
  const run = collect(world.send("Change   everything"));
  const { task_id } = await run.until("tool_started");
  const put = (path: string, content: string) => app.as(owner).files.put({ params: { id: project.id, path }, body: { content } });
  await put("mine.txt", "a person's\n");
  running = await api().diff({ params: { task_id } });
  busy = await api()
    .apply({ params: { task_id }, body: { reject: [{ path: "mine.txt" }] } })
    .catch((error: unknown) => error);
  await put("go", "");
  events = await run.ended;
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const api = () => world.app.as(world.owner).changes;
const taskId = () => events[0]?.task_id ?? "";
const diff = () => api().diff({ params: { task_id: taskId() } });
const apply = (body: ApplyChanges) => api().apply({ params: { task_id: taskId() }, body });
const refusal = (body: ApplyChanges) =>
  apply(body).then(
    () => "allowed",
    ({ status, code, details }: { status: number; code: string; details?: { conflicts?: unknown } }) => ({
      was: `${status} ${code}`,
      conflicts: details?.conflicts,
    }),
  );
const fileOf = async (path: string) => (await diff()).files.find((file) => file.path === path);
const hunkIds = async (path: string) => (await fileOf(path))?.hunks.map((hunk) => hunk.id) ?? [];
const write = (path: string, text: string) => world.sandbox.files.write(path, text);

test("changes of an active run can be viewed, not changed", () => {
  expect(running).toMatchObject({ is_running: true, compared_with: "now", after_id: null, message: "Change everything" });
  expect(running.files).toMatchObject([{ path: "mine.txt", status: "added", changed_by: "person" }]);
  expect(busy).toMatchObject({ status: 409, code: "run_active" });
});

test("a run's change set has files, hunks and authors, redacted; a person's later edits are not part of it", async () => {
  await write("after.txt", "a person's, later\n");
  const found = await diff();
  expect(found).toMatchObject({ is_running: false, compared_with: "after", total: found.files.length });
  expect(
    found.files.map((f) => [f.path, f.status, f.old_path, f.additions, f.deletions, f.is_binary, f.hunks.length, f.changed_by]),
  ).toEqual([
    [".env", "added", null, 1, 0, false, 1, "run"],
    ["app.txt", "modified", null, 2, 2, false, 2, "run"],
    ["data.bin", "modified", null, 0, 0, true, 0, "run"],
    ["key.ts", "added", null, 1, 0, false, 1, "run"],
    ["mine.txt", "added", null, 1, 0, false, 1, "person"],
    ["old.txt", "deleted", null, 0, 1, false, 1, "run"],
    ["run.sh", "modified", null, 0, 0, false, 0, "run"],
    ["src/new.txt", "added", null, 2, 0, false, 1, "run"],
    ["to.txt", "renamed", "from.txt", 1, 1, false, 1, "run"],
  ]);
  expect(found.files.find((f) => f.path === "key.ts")?.hunks[0]?.lines).toEqual(['+const key = "[secret:STRIPE_KEY]"']);
  expect(found.files[1]?.hunks[0]).toMatchObject({ old_start: 1, old_lines: 6, new_start: 1, new_lines: 6, is_rejected: false });
  // Reported at the end of the run and stored with its message; without files that only a person changed.
  const summary = { files: 8, additions: 7, deletions: 4 };
  expect(find(events, "complete")?.data.changes).toEqual(summary);
  const history = await world.app.as(world.owner).chat.history({ params: { project_id: world.project.id }, query: {} });
  expect(history.items.at(-1)?.message_metadata).toMatchObject({ changes: summary, task_id: taskId() });
  expect((await world.app.as(world.owner).snapshots.checkpoints({ params: { id: world.project.id }, query: {} })).total).toBe(1);
});

describe("rejecting", () => {
  test("rejecting a hunk restores its text and nothing else; it is idempotent and can be undone", async () => {
    const [first = "", second = ""] = await hunkIds("app.txt");
    const done = await apply({ reject: [{ path: "app.txt", hunks: [first] }] });
    expect(done).toEqual({
      written: [{ path: "app.txt", op: "update", etag: expect.any(String) }],
      rejected: [{ path: "app.txt", is_whole: false, hunks: [first] }],
    });
    expect(await world.read("app.txt")).toBe(numbered((lines) => (lines[19] = "TWENTY")));
    expect((await fileOf("app.txt"))?.hunks.map((hunk) => [hunk.id, hunk.is_rejected])).toEqual([
      [first, true],
      [second, false],
    ]);
    expect((await apply({ reject: [{ path: "app.txt", hunks: [first] }] })).written).toEqual([]);
    await apply({ restore: [{ path: "app.txt", hunks: [first] }], reject: [{ path: "app.txt", hunks: [second] }] });
    expect(await world.read("app.txt")).toBe(numbered((lines) => (lines[2] = "THREE")));
    expect((await apply({ restore: [{ path: "app.txt" }] })).rejected).toEqual([]);
  });

  test("rejects and restores added, deleted, renamed, binary and executable files", async () => {
    const mode = async () => (((await world.sandbox.files.stat("run.sh"))?.mode ?? 0) & 0o100) !== 0;
    const paths = ["data.bin", "old.txt", "run.sh", "src/new.txt", "to.txt"];
    const look = async () =>
      Object.fromEntries(await Promise.all([...paths, "from.txt"].map(async (path) => [path, await world.read(path)])));
    const changed = await look();
    const { written } = await apply({ reject: paths.map((path) => ({ path })) });
    expect(written.map(({ path, op, new_path }) => [path, op, new_path])).toEqual([
      ["data.bin", "update", undefined],
      ["old.txt", "add", undefined],
      ["run.sh", "update", undefined],
      ["src/new.txt", "delete", undefined],
      ["to.txt", "move", "from.txt"],
    ]);
    expect(await look()).toEqual({ ...Object.fromEntries(paths.map((p) => [p, before[p]])), "from.txt": before["from.txt"] });
    expect(await mode()).toBe(false);
    expect((await diff()).files.filter((f) => f.is_rejected).map((f) => f.path)).toEqual(paths);
    await apply({ restore: paths.map((path) => ({ path })) });
    expect([await look(), await mode()]).toEqual([changed, true]);
  });

  test("keeps a person's later edits beside a hunk; a conflict with one rejects everything", async () => {
    const [first = "", second = ""] = await hunkIds("app.txt");
    const theirs = (lines: string[]) => {
      lines[29] = "theirs";
      lines.unshift("theirs too");
    };
    await write(
      "app.txt",
      numbered((lines) => ((lines[2] = "mine"), (lines[19] = "TWENTY"), theirs(lines))),
    );
    await write("src/new.txt", "a\nb\nmine\n");
    await write("old.txt", "another of that name\n");
    expect(
      await refusal({
        reject: [{ path: "app.txt", hunks: [first, second] }, { path: "src/new.txt" }, { path: "old.txt" }, { path: "data.bin" }],
      }),
    ).toEqual({
      was: "409 hunks_do_not_fit",
      conflicts: [
        { path: "app.txt", hunks: [first], reason: "changed" },
        { path: "old.txt", hunks: null, reason: "exists" },
        { path: "src/new.txt", hunks: null, reason: "changed" },
      ],
    });
    expect([await world.read("src/new.txt"), await world.read("data.bin")]).toEqual(["a\nb\nmine\n", "\0\u0002"]);
    expect((await diff()).files.some((f) => f.is_rejected || f.hunks.some((h) => h.is_rejected))).toBe(false);
    await apply({ reject: [{ path: "app.txt", hunks: [second] }] });
    expect(await world.read("app.txt")).toBe(numbered((lines) => ((lines[2] = "mine"), theirs(lines))));
    // A person changed the file, so that the rejected part fits now.
    await write(
      "app.txt",
      numbered((lines) => ((lines[2] = "THREE"), theirs(lines))),
    );
    expect((await apply({ reject: [{ path: "app.txt", hunks: [first] }] })).rejected).toEqual([
      { path: "app.txt", is_whole: true, hunks: [second, first] },
    ]);
    expect(await world.read("app.txt")).toBe(numbered(theirs));
    await world.sandbox.files.remove("app.txt");
    expect(await refusal({ restore: [{ path: "app.txt" }] })).toMatchObject({ conflicts: [{ path: "app.txt", reason: "gone" }] });
    await world.sandbox.files.link("app.txt", "link-target.txt");
    expect(await refusal({ restore: [{ path: "app.txt" }] })).toMatchObject({ conflicts: [{ path: "app.txt", reason: "link" }] });
    expect(await world.read("link-target.txt")).toBe("x\n");
  });

  test("emits the change as a person's", async () => {
    const { rows } = await world.app.studio.database.pool.query<{ data: { path: string; by: string } }>(
      "select data from events where project_id = $1 and type = 'file_changed' order by seq desc limit 40",
      [world.project.id],
    );
    expect(rows.map(({ data }) => `${data.path} ${data.by}`)).toEqual(
      expect.arrayContaining(["app.txt user", "to.txt user", "src/new.txt user"]),
    );
  });
});

test("unknown parts are not found, invalid bodies rejected, other users get 404", async () => {
  expect(await refusal({ reject: [{ path: "nothing.txt" }] })).toMatchObject({ was: "404 not_found" });
  expect(await refusal({ reject: [{ path: "app.txt", hunks: ["0123"] }] })).toMatchObject({ was: "404 not_found" });
  const { app, owner } = world;
  const post = (json: unknown, user = owner) => app.request(`/api/chat/runs/${taskId()}/apply`, { method: "POST", user, json });
  expect((await post({ reject: [{ hunks: ["a"] }] })).status).toBe(422);
  expect((await post({ reject: "all" })).status).toBe(422);
  expect((await app.request("/api/chat/runs/x/diff", { user: owner })).status).toBe(422);
  const grace = await app.signUp();
  expect((await post({ reject: [] }, grace)).status).toBe(404);
  expect((await app.request(`/api/chat/runs/${taskId()}/diff`, { user: grace })).status).toBe(404);
  expect((await app.request(`/api/chat/runs/${taskId()}/diff`, {})).status).toBe(401);
  expect((await app.request("/api/chat/runs/00000000-0000-4000-8000-000000000000/diff", { user: owner })).status).toBe(404);
});

test("a killed run keeps its changes up to the next checkpoint or now, fixed by the first rejection", async () => {
  const forget = () =>
    world.app.studio.database.pool.query("update change_sets set after_id = null, rejected = '[]' where task_id = $1", [taskId()]);
  await forget();
  const open = await diff();
  expect(open).toMatchObject({ compared_with: "now", after_id: null });
  expect(open.files.map((f) => f.path)).toContain("after.txt");
  await apply({ reject: [{ path: "after.txt" }] });
  expect(await world.read("after.txt")).toBeUndefined();
  expect(await diff()).toMatchObject({
    compared_with: "after",
    files: expect.arrayContaining([expect.objectContaining({ path: "after.txt", is_rejected: true })]),
  });
  await forget();
  await world.app.studio.database.pool.query("delete from checkpoints where kind = 'turn_end'");
  const second = await world.run("Continue");
  expect(await diff()).toMatchObject({ compared_with: "next" });
  expect((await diff()).files.map((f) => f.path)).not.toContain("later.txt");
  expect((await api().diff({ params: { task_id: second[0]?.task_id ?? "" } })).files.map((f) => f.path)).toEqual(["later.txt"]);
});

test("ignored build output and rewrites with the same text are not changes", async () => {
  await write(".gitignore", "dist/\n");
  await write("web/.gitignore", "out\n");
  const built = await world.run("Write a.ts and build");
  expect(await world.read("dist/assets/index.js")).toBeDefined();
  const found = await api().diff({ params: { task_id: built[0]?.task_id ?? "" } });
  expect(found.files.map((f) => f.path)).toEqual(["src/a.ts"]);
  expect(found).toMatchObject({ total: 1, additions: 1, deletions: 0 });
  expect(find(built, "complete")?.data.changes).toEqual({ files: 1, additions: 1, deletions: 0 });
  const params = { id: world.project.id, checkpoint_id: found.before_id };
  const compared = (query: { path?: string }) => world.app.as(world.owner).snapshots.checkpointDiff({ params, query });
  expect((await compared({})).files.map((f) => f.path)).toEqual(["src/a.ts"]);
  expect((await compared({ path: "dist" })).files.map((f) => f.path)).toEqual(["dist/assets/index.js"]);
  const steps = built.flatMap((event) => (event.type === "agent_step" ? [event.data] : []));
  expect(steps[1]?.tool_results).toMatchObject([{ success: true, result: { change: { additions: 0, deletions: 0 } } }]);
});
