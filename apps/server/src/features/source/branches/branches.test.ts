import { describe, expect, test } from "vitest";
import type { Branch, SendMessage } from "@tesslate/contract";
import { call, nextMessage, say, when, type ScriptItem } from "@tesslate/testkit";
import { answer, chatWorld, collect, eventually, find, type ChatWorld } from "../../../testing/chat.ts";
import { enterPreview } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

const numbered = (change: (lines: string[]) => void = () => {}) => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`);
  change(lines);
  return `${lines.join("\n")}\n`;
};
/** Writes a file in each chat, by the words of its message. */
const script: ScriptItem[] = [
  when(/in the project/i, [call("write_file", { file_path: "main.txt", content: "project" }), say("Done in the project.")]),
  when(/on a branch/i, [
    call("write_file", { file_path: "new.txt", content: "branch" }),
    call("run_command", { command: "ls" }),
    say("Done on the branch."),
    nextMessage(),
    call("write_file", { file_path: "second.txt", content: "again" }),
    say("Done again."),
  ]),
  when(/line 5/i, [
    call("read_file", { file_path: "shared.txt" }),
    call("write_file", { file_path: "shared.txt", content: numbered((lines) => (lines[4] = "FIVE of the branch")) }),
    say("Changed."),
  ]),
  when(/tidy up/i, [
    call("run_command", { command: "mv moved.txt renamed.txt && rm gone.txt && echo new > added.txt" }),
    call("read_file", { file_path: "shared.txt" }),
    call("write_file", { file_path: "shared.txt", content: numbered((lines) => (lines[4] = "FIVE of the branch")) }),
    say("Tidied up."),
  ]),
];

const client = (world: ChatWorld) => world.app.as(world.owner);
const newChat = async (world: ChatWorld) => (await client(world).chat.createSession({ body: { project_id: world.project.id } })).id;
const branches = async (world: ChatWorld): Promise<Branch[]> =>
  (await client(world).branches.list({ params: { id: world.project.id } })).items;
const onlyBranch = async (world: ChatWorld): Promise<Branch> => {
  const [branch, ...more] = await branches(world);
  if (!branch || more.length > 0) throw new Error(`${more.length + (branch ? 1 : 0)} branches`);
  return branch;
};
/** The text of a file in a branch, over the routes of projects. */
const readIn = (world: ChatWorld, id: string, path: string): Promise<string | undefined> =>
  client(world)
    .files.get({ params: { id, path } })
    .then(
      (file) => (file as { content: string }).content,
      () => undefined,
    );
/** A run in the project's files that waits for an approval. */
async function startInProject(world: ChatWorld) {
  const stream = collect(world.send("Write it in the project", { edit_mode: "ask", chat_id: await newChat(world) }));
  const { task_id, data } = await stream.until("approval_required");
  return { stream, task_id, approve: () => answer(world, world.owner, data.approval_id, "allow_once") };
}
const params = (world: ChatWorld, branch: Pick<Branch, "id">) => ({ id: world.project.id, branch_id: branch.id });

test("a second run works on a branch beside the first: both trees are right, and later messages stay on the branch", async () => {
  await using world = await chatWorld({ script });
  await world.sandbox.files.write("shared.txt", "shared");
  const first = await startInProject(world);
  const chat_id = await newChat(world);
  const events = await world.run("Write it on a branch", { chat_id, workspace: "branch" });
  const branch = await onlyBranch(world);
  expect(branch).toMatchObject({ project_id: world.project.id, chat_id, is_ready: true, is_running: false });
  expect(find(events, "task_started")?.data.branch_id).toBe(branch.id);
  expect(find(events, "file_changed")?.data).toMatchObject({ path: "new.txt", branch_id: branch.id, by: "agent" });
  expect(find(events, "complete")?.data).toMatchObject({ success: true, changes: { files: 1 } });
  expect([await world.read("new.txt"), await readIn(world, branch.id, "new.txt")]).toEqual([undefined, "branch"]);
  expect(await readIn(world, branch.id, "shared.txt")).toBe("shared");
  await eventually(async () => (await onlyBranch(world)).files === 1);

  await first.approve();
  await first.stream.ended;
  expect([await world.read("main.txt"), await readIn(world, branch.id, "main.txt")]).toEqual(["project", undefined]);

  // A later message names no workspace, or another one.
  await world.run("And again", { chat_id, workspace: "project" });
  expect([await world.read("second.txt"), await readIn(world, branch.id, "second.txt")]).toEqual([undefined, "again"]);
  await eventually(async () => (await onlyBranch(world)).files === 2);
  // No list of projects has it.
  expect((await client(world).projects.list({ query: {} })).items.map(({ id }) => id)).toEqual([world.project.id]);
});

test("a branch is compared and merged: the changes of both are in the project, and the branch is gone", async () => {
  await using world = await chatWorld({ script });
  await world.sandbox.files.write("shared.txt", numbered());
  const chat_id = await newChat(world);
  await world.run("Change line 5", { chat_id, workspace: "branch" });
  const branch = await onlyBranch(world);
  await world.sandbox.files.write(
    "shared.txt",
    numbered((lines) => (lines[24] = "TWENTY-FIVE of the project")),
  );
  const diff = await client(world).branches.diff({ params: params(world, branch) });
  expect(diff).toMatchObject({ branch_id: branch.id, total: 1, additions: 1, deletions: 1, conflicts: [] });
  expect(diff.files[0]).toMatchObject({ path: "shared.txt", status: "modified" });
  expect(diff.files[0]?.hunks[0]?.lines).toContain("+FIVE of the branch");

  const merged = await client(world).branches.merge({ params: params(world, branch) });
  expect(merged.written).toEqual([{ path: "shared.txt", op: "update" }]);
  expect(await world.read("shared.txt")).toBe(
    numbered((lines) => {
      lines[4] = "FIVE of the branch";
      lines[24] = "TWENTY-FIVE of the project";
    }),
  );
  expect(await branches(world)).toEqual([]);
  const { items } = await client(world).snapshots.checkpoints({ params: { id: world.project.id }, query: {} });
  expect(items.find(({ id }) => id === merged.checkpoint_id)).toMatchObject({ label: "Before merging a branch", chat_id });
  await eventually(async () => (await world.app.request(`/api/projects/${branch.id}`, { user: world.owner })).status === 404);
  await eventually(async () => (await world.runtime.find(branch.id)) === undefined);
  // The next message of the chat works in the project.
  await world.run("Write it on a branch", { chat_id });
  const activity = await client(world).activity.list({ params: { id: world.project.id }, query: {} });
  expect(activity.items.map(({ summary }) => summary)).toEqual(
    expect.arrayContaining(["Created a branch", "Changed a file on a branch", "Merged a branch"]),
  );
});

test("a merge that ended in the middle is completed by merging again", async () => {
  await using world = await chatWorld({ script });
  const { files } = world.sandbox;
  const moved = numbered((lines) => (lines[0] = "a file that moves"));
  for (const [path, text] of [
    ["shared.txt", numbered()],
    ["moved.txt", moved],
    ["gone.txt", "gone"],
  ] as const)
    await files.write(path, text);
  const chat_id = await newChat(world);
  await world.run("Tidy up", { chat_id, workspace: "branch" });
  const branch = await onlyBranch(world);
  const diff = await client(world).branches.diff({ params: params(world, branch) });
  expect(diff.files.map(({ path, status }) => [path, status])).toEqual(
    expect.arrayContaining([
      ["renamed.txt", "renamed"],
      ["gone.txt", "deleted"],
      ["added.txt", "added"],
      ["shared.txt", "modified"],
    ]),
  );
  // What the process had written when it was killed.
  const steps: (() => Promise<unknown>)[] = [
    () => files.write("renamed.txt", moved),
    () => files.remove("moved.txt"),
    () => files.remove("gone.txt"),
    () => files.write("added.txt", "new\n"),
    () =>
      files.write(
        "shared.txt",
        numbered((lines) => (lines[4] = "FIVE of the branch")),
      ),
  ];
  for (const step of steps) {
    await step();
    expect((await client(world).branches.diff({ params: params(world, branch) })).conflicts).toEqual([]);
  }
  await files.remove("shared.txt");
  await files.write("shared.txt", numbered());
  await client(world).branches.merge({ params: params(world, branch) });
  expect(await Promise.all(["renamed.txt", "moved.txt", "gone.txt", "added.txt", "shared.txt"].map((path) => world.read(path)))).toEqual([
    moved,
    undefined,
    undefined,
    "new\n",
    numbered((lines) => (lines[4] = "FIVE of the branch")),
  ]);
  expect(await branches(world)).toEqual([]);
});

test("a merge with a conflict changes nothing until a version is chosen", async () => {
  await using world = await chatWorld({ script });
  await world.sandbox.files.write("shared.txt", numbered());
  await world.run("Change line 5", { chat_id: await newChat(world), workspace: "branch" });
  const branch = await onlyBranch(world);
  const ours = numbered((lines) => (lines[4] = "FIVE of the project"));
  await world.sandbox.files.write("shared.txt", ours);
  const conflicts = [{ path: "shared.txt", hunks: [expect.any(String)], reason: "changed" }];
  expect((await client(world).branches.diff({ params: params(world, branch) })).conflicts).toEqual(conflicts);
  await expect(client(world).branches.merge({ params: params(world, branch), body: {} })).rejects.toMatchObject({
    status: 409,
    code: "merge_conflict",
    details: { conflicts },
  });
  expect(await world.read("shared.txt")).toBe(ours);
  expect((await onlyBranch(world)).id).toBe(branch.id);
  const unknown = { resolutions: [{ path: "other.txt", use: "branch" as const }] };
  await expect(client(world).branches.merge({ params: params(world, branch), body: unknown })).rejects.toMatchObject({ status: 422 });
  const body = { resolutions: [{ path: "shared.txt", use: "branch" as const }] };
  const { checkpoint_id } = await client(world).branches.merge({ params: params(world, branch), body });
  expect(await world.read("shared.txt")).toBe(numbered((lines) => (lines[4] = "FIVE of the branch")));
  expect(checkpoint_id).not.toBeNull();
});

test("the project's version of a conflict can be kept", async () => {
  await using world = await chatWorld({ script });
  await world.sandbox.files.write("shared.txt", numbered());
  await world.run("Change line 5", { chat_id: await newChat(world), workspace: "branch" });
  const branch = await onlyBranch(world);
  await world.sandbox.files.write("shared.txt", "mine");
  const body = { resolutions: [{ path: "shared.txt", use: "project" as const }] };
  expect(await client(world).branches.merge({ params: params(world, branch), body })).toEqual({ written: [], checkpoint_id: null });
  expect(await world.read("shared.txt")).toBe("mine");
  expect(await branches(world)).toEqual([]);
});

test("a branch is discarded with its files; not while its run is active, and a merge waits for both runs", async () => {
  await using world = await chatWorld({ script });
  const first = await startInProject(world);
  const chat_id = await newChat(world);
  const second = collect(world.send("Write it on a branch", { chat_id, workspace: "branch", edit_mode: "ask" }));
  const { data } = await second.until("approval_required");
  const branch = await onlyBranch(world);
  expect(branch.is_running).toBe(true);
  const refused = { status: 409, code: "run_active" };
  await expect(client(world).branches.discard({ params: params(world, branch) })).rejects.toMatchObject(refused);
  await answer(world, world.owner, data.approval_id, "stop");
  await second.ended;
  await expect(client(world).branches.merge({ params: params(world, branch), body: {} })).rejects.toMatchObject(refused);
  await client(world).branches.discard({ params: params(world, branch) });
  expect(await branches(world)).toEqual([]);
  await eventually(async () => (await world.runtime.find(branch.id)) === undefined);
  await first.approve();
  await first.stream.ended;
});

test("undoing a run on a branch restores the branch's files, not the project's", async () => {
  await using world = await chatWorld({ script });
  const chat_id = await newChat(world);
  await world.run("Write it on a branch", { chat_id });
  await world.run("And again", { chat_id, workspace: "branch" });
  const branch = await onlyBranch(world);
  expect(await readIn(world, branch.id, "second.txt")).toBe("again");
  const { messages } = await client(world).chat.get({ params: { chat_id } });
  const [older, newer] = messages.filter(({ role }) => role === "user");
  const restoreTo = (message_id = "") => client(world).chat.restore({ params: { chat_id }, body: { message_id } });
  await expect(restoreTo(older?.id)).rejects.toMatchObject({ status: 409, code: "conflict" });
  const ended = async (task_id: string) => {
    for await (const { data } of client(world).tasks.events({ params: { task_id } })) if (data.completed_at !== null) return data.status;
    return undefined;
  };
  expect(await ended((await restoreTo(newer?.id)).task_id)).toBe("completed");
  expect([await readIn(world, branch.id, "new.txt"), await readIn(world, branch.id, "second.txt")]).toEqual(["branch", undefined]);
  expect(await world.read("new.txt")).toBe("branch");
  expect(await ended((await client(world).chat.redo({ params: { chat_id } })).task_id)).toBe("completed");
  expect(await readIn(world, branch.id, "second.txt")).toBe("again");
});

test("a branch survives a restart of the server between its runs, and is deleted with its project", async () => {
  const before = await chatWorld({ ownServer: true, script });
  const chat_id = await newChat(before);
  await before.run("Write it on a branch", { chat_id, workspace: "branch" });
  const branch = await onlyBranch(before);
  await before.app.close();
  await using world = await chatWorld({ script, after: before });
  expect((await onlyBranch(world)).id).toBe(branch.id);
  await world.run("And again", { chat_id });
  expect(await readIn(world, branch.id, "new.txt")).toBe("branch");
  expect(await readIn(world, branch.id, "second.txt")).toBe("again");
  await client(world).projects.remove({ params: { id: world.project.id } });
  await eventually(async () => (await world.runtime.find(world.project.id)) === undefined);
  expect(await world.runtime.find(branch.id)).toBeUndefined();
});

describe("without a branch", () => {
  test("without a workspace, and with `project`, both runs work in the same files", async () => {
    await using world = await chatWorld({ script });
    const first = await startInProject(world);
    for (const workspace of [undefined, "project"] as const)
      await world.run("Write it on a branch", { chat_id: await newChat(world), ...(workspace && { workspace }) });
    expect(await world.read("new.txt")).toBe("branch");
    expect(await branches(world)).toEqual([]);
    await first.approve();
    await first.stream.ended;
  });

  test("`ask` is refused while another run changes files, with the runs and what fits; not for plans and not for the same chat", async () => {
    await using world = await chatWorld({ script });
    const chat_id = await newChat(world);
    expect(find(await world.run("Write it on a branch", { chat_id, workspace: "ask" }), "complete")?.data.success).toBe(true);
    const first = await startInProject(world);
    await expect(world.run("And again", { chat_id, workspace: "ask" })).rejects.toMatchObject({
      status: 409,
      code: "workspace_required",
      details: { runs: [{ task_id: first.task_id, message: "Write it in the project" }], suggested: "branch" },
    });
    expect((await client(world).chat.get({ params: { chat_id } })).message_count).toBe(2);
    const planned = await world.run("And again", { chat_id, workspace: "ask", edit_mode: "plan" });
    expect(find(planned, "task_started")?.data.branch_id).toBeUndefined();
    await first.approve();
    await first.stream.ended;
  });

  test("the project's setting decides where nobody is asked", async () => {
    await using world = await chatWorld({ script });
    await client(world).projects.update({ params: { id: world.project.id }, body: { settings: { parallel_runs: "branch" } } });
    const first = await startInProject(world);
    await world.run("Write it on a branch", { chat_id: await newChat(world) });
    expect(await readIn(world, (await onlyBranch(world)).id, "new.txt")).toBe("branch");
    expect(await world.read("new.txt")).toBeUndefined();
    await first.approve();
    await first.stream.ended;
  });

  test("`wait` starts when the other run has ended; its stream begins then", async () => {
    await using world = await chatWorld({ script });
    const first = await startInProject(world);
    const chat_id = await newChat(world);
    const second = collect(world.send("Write it on a branch", { chat_id, workspace: "wait" }));
    const list = async () => client(world).queue.list({ params: { chat_id } });
    const [item] = await eventually(async () => {
      const { items } = await list();
      return items.length > 0 ? items : undefined;
    });
    expect(item).toMatchObject({ message: "Write it on a branch", workspace: "wait" });
    expect(await world.read("new.txt")).toBeUndefined();
    await first.approve();
    await first.stream.ended;
    expect(find(await second.ended, "complete")?.data).toMatchObject({ success: true, final_response: "Done on the branch." });
    expect([await world.read("main.txt"), await world.read("new.txt")]).toEqual(["project", "branch"]);
    expect((await list()).items).toEqual([]);
  });

  test("a waiting message that is removed ends its stream without a run", async () => {
    await using world = await chatWorld({ script });
    const first = await startInProject(world);
    const chat_id = await newChat(world);
    const second = collect(world.send("Write it on a branch", { chat_id, workspace: "wait" }));
    const item = await eventually(async () => (await client(world).queue.list({ params: { chat_id } })).items[0]);
    await client(world).queue.remove({ params: { chat_id, item_id: item.id } });
    expect(await second.ended).toEqual([]);
    await first.approve();
    await first.stream.ended;
  });
});

test("a branch has the secrets of its project, also those that are set later", async () => {
  const secret = "sk_live_4815162342aa";
  await using world = await chatWorld({
    script: [
      when(/print/i, [
        call("run_command", { command: "cat secret.txt" }),
        say("Printed."),
        nextMessage(),
        call("run_command", { command: "cat secret.txt" }),
        say("Printed."),
      ]),
    ],
  });
  await world.sandbox.files.write("secret.txt", secret);
  const chat_id = await newChat(world);
  await world.run("Print it", { chat_id, workspace: "branch" });
  await client(world).secrets.set({ params: { project_id: world.project.id }, body: { key: "API_KEY", value: secret } });
  const events = await world.run("Print it again", { chat_id });
  expect(JSON.stringify(events)).not.toContain(secret);
  expect(JSON.stringify(events)).toContain("[secret:API_KEY]");
});

test("a branch has containers and a preview of its own, with the variables of the project's", async () => {
  await using world = await chatWorld({ script });
  const { app, owner } = world;
  const list = `require("http").createServer((q, r) => r.end(require("fs").readdirSync(".").sort().join() + " " + process.env.MOOD)).listen(process.env.PORT)`;
  const { id } = await emptyProject(app, owner, { command: ["node", "-e", list] });
  const [container] = (await app.as(owner).containers.list({ params: { id } })).items;
  const to = { id, container_id: container?.id ?? "" };
  await app.as(owner).containers.update({ params: to, body: { env_vars_to_set: { MOOD: "calm" } } });
  const body = { project_id: id, message: "Write it on a branch", edit_mode: "allow", workspace: "branch" } as const;
  for await (const _ of app.as(owner).chat.stream({ body }));
  const [branch] = (await app.as(owner).branches.list({ params: { id } })).items;
  if (!branch) throw new Error("no branch");
  const ids = { params: { id: branch.id } };
  expect(await app.as(owner).projects.get(ids)).toMatchObject({ branch_of: id });
  await app.as(owner).projects.start(ids);
  await eventually(async () => (await app.as(owner).containers.list(ids)).items[0]?.status === "running");
  const visit = await enterPreview(app, owner, branch.id);
  expect((await visit.fetch("/")).text).toContain("new.txt calm");
  expect((await app.as(owner).containers.list({ params: { id } })).items[0]?.status).toBe("stopped");
  expect((await app.as(owner).branches.list({ params: { id } })).items[0]?.status).toBe("running");
  // It is deleted when it is merged or discarded, so nothing may depend on it.
  const refused = { status: 409, code: "conflict" };
  await expect(app.as(owner).hosting.deploy(ids)).rejects.toMatchObject(refused);
  await expect(app.as(owner).deployments.create({ body: { project_id: branch.id, provider: "local" } })).rejects.toMatchObject(refused);
  // With the project goes everything that runs in its branches.
  await app.as(owner).projects.remove({ params: { id } });
  await eventually(async () => (await world.runtime.find(branch.id)) === undefined);
});

test("an unused branch is announced and deleted days later, unless it is used before", async () => {
  await using world = await chatWorld({ script });
  const chat_id = await newChat(world);
  await world.run("Write it on a branch", { chat_id, workspace: "branch" });
  const branch = await onlyBranch(world);
  await eventually(async () => (await onlyBranch(world)).files === 1);
  const { pool } = world.app.studio.database;
  const age = async (days: number, noticeDays?: number) => {
    await pool.query("update projects set last_activity = now() - make_interval(days => $2) where id = $1", [branch.id, days]);
    await pool.query(
      "update branches set used_at = now() - make_interval(days => $2), noticed_at = case when $3::int is null then noticed_at else now() - make_interval(days => $3) end where id = $1",
      [branch.id, days, noticeDays ?? null],
    );
  };
  const sweep = async () => {
    await pool.query("select graphile_worker.add_job('sweep_branches', '{}'::json)");
    await eventually(
      async () => (await pool.query("select 1 from graphile_worker.jobs where task_identifier = 'sweep_branches'")).rowCount === 0,
    );
  };
  const summaries = async () =>
    (await client(world).activity.list({ params: { id: world.project.id }, query: { actor: "system" } })).items.map(
      ({ summary }) => summary,
    );
  await age(10);
  await sweep();
  expect(await summaries()).toEqual([]);
  await age(20);
  await sweep();
  await sweep();
  // Although it was unused for long: it was announced only now.
  expect(await summaries()).toEqual(["Announced that an unused branch will be deleted"]);
  expect(await onlyBranch(world)).toMatchObject({ id: branch.id, is_expiring: true });
  // A person looked at it: the announcement no longer holds.
  await age(1, 2);
  await sweep();
  expect((await onlyBranch(world)).is_expiring).toBe(false);
  await age(20, 4);
  await sweep();
  expect(await branches(world)).toEqual([]);
  expect(await summaries()).toContain("Deleted an unused branch");
});

describe("access", () => {
  test("a stranger gets 404, an anonymous caller 401, a bad body 422, and a branch of another project is not found", async () => {
    await using world = await chatWorld({ script });
    await world.run("Write it on a branch", { chat_id: await newChat(world), workspace: "branch" });
    const branch = await onlyBranch(world);
    const stranger = await world.app.signUp({ name: "Bob" });
    const base = `/api/projects/${world.project.id}/branches`;
    const requests = [
      ["GET", base],
      ["GET", `${base}/${branch.id}/diff`],
      ["POST", `${base}/${branch.id}/merge`],
      ["DELETE", `${base}/${branch.id}`],
    ] as const;
    for (const [method, path] of requests) {
      const body = method === "POST" ? { json: {} } : {};
      expect([path, (await world.app.request(path, { method, user: stranger, ...body })).status]).toEqual([path, 404]);
      expect([path, (await world.app.request(path, { method, ...body })).status]).toEqual([path, 401]);
    }
    const bad = { resolutions: [{ path: "a", use: "both" }] };
    expect((await world.app.request(`${base}/${branch.id}/merge`, { method: "POST", user: world.owner, json: bad })).status).toBe(422);
    const body: Partial<SendMessage> = { project_id: world.project.id, message: "Hi" };
    expect(
      (await world.app.request("/api/chat/stream", { method: "POST", user: world.owner, json: { ...body, workspace: "elsewhere" } }))
        .status,
    ).toBe(422);
    for (const id of [world.project.id, crypto.randomUUID()])
      await expect(client(world).branches.diff({ params: { id: world.project.id, branch_id: id } })).rejects.toMatchObject({ status: 404 });
    await expect(client(world).branches.discard({ params: { id: branch.id, branch_id: branch.id } })).rejects.toMatchObject({
      status: 404,
    });
    expect(await branches(world)).toHaveLength(1);
  });
});
