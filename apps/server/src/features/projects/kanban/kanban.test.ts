import { beforeAll, describe, expect, test } from "vitest";
import type { Board, ProjectEvent } from "@tesslate/contract";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let app: TestApp;
let owner: TestUser;
let otherUser: TestUser;
beforeAll(async () => {
  app = await testApp();
  owner = await app.signUp({ name: "Olga Owner" });
  otherUser = await app.signUp();
});

const kanban = () => app.as(owner).kanban;
const code = (error: unknown) => (error as { code?: string }).code;
const missing = "00000000-0000-4000-8000-000000000000";

/** A fresh project's board, with its columns by name. */
async function freshBoard() {
  const project = await emptyProject(app, owner);
  const params = { project_id: project.id };
  const read = () => kanban().board({ params });
  const board = await read();
  const column = (name: string, of: Board = board) => {
    const found = of.columns.find((c) => c.name === name);
    if (!found) throw new Error(`no column ${name}`);
    return found;
  };
  const add = (title: string, more: object = {}) => kanban().createCard({ params, body: { title, ...more } });
  const move = (id: string, body: object) => kanban().updateCard({ params: { ...params, id }, body });
  const titles = async () => Object.fromEntries((await read()).columns.map((c) => [c.name, c.tasks.map((t) => t.title)]));
  return { project, params, board, read, column, add, move, titles };
}
const expectDense = (board: Board) => {
  expect(board.columns.map((c) => c.position)).toEqual(board.columns.map((_, i) => i));
  for (const column of board.columns) {
    expect([column.name, column.tasks.map((t) => t.position)]).toEqual([column.name, column.tasks.map((_, i) => i)]);
    for (const card of column.tasks) expect(card.column_id).toBe(column.id);
  }
};

describe("the board", () => {
  test("is created once, by the first read, with five columns", async () => {
    const project = await emptyProject(app, owner);
    const reads = await Promise.all(Array.from({ length: 8 }, () => kanban().board({ params: { project_id: project.slug } })));
    expect(new Set(reads.map((b) => b.id)).size).toBe(1);
    expect(reads[0]).toMatchObject({ project_id: project.id, name: "Test Board", description: null, settings: null });
    expect(reads[0]?.columns.map((c) => [c.name, c.color, c.is_backlog, c.is_completed, c.position, c.tasks])).toEqual([
      ["Backlog", "gray", true, false, 0, []],
      ["To Do", "blue", false, false, 1, []],
      ["In Progress", "orange", false, false, 2, []],
      ["Review", "purple", false, false, 3, []],
      ["Done", "green", false, true, 4, []],
    ]);
  });

  test("is created by adding a card", async () => {
    const project = await emptyProject(app, owner);
    const card = await kanban().createCard({ params: { project_id: project.id }, body: { title: "First" } });
    expect(card).toMatchObject({ ref_number: 1, position: 0 });
  });

  test("another user gets 404 on every route, an anonymous caller 401", async () => {
    const { params, board, add } = await freshBoard();
    const card = await add("Secret");
    const base = `/api/kanban/${params.project_id}`;
    const calls: [string, string, object?][] = [
      ["GET", base],
      ["POST", `${base}/columns`, { name: "X" }],
      ["PATCH", `${base}/columns/${board.columns[0]?.id}`, { name: "X" }],
      ["DELETE", `${base}/columns/${board.columns[0]?.id}`],
      ["GET", `${base}/tasks`],
      ["POST", `${base}/tasks`, { title: "X", assignee_id: otherUser.id }],
      ["GET", `${base}/tasks/${card.id}`],
      ["PATCH", `${base}/tasks/${card.id}`, { title: "X" }],
      ["DELETE", `${base}/tasks/${card.id}`],
      ["POST", `${base}/tasks/${card.id}/comments`, { content: "X" }],
    ];
    for (const [method, path, json] of calls) {
      const theirs = await app.request(path, { method, user: otherUser, ...(json && { json }) });
      expect([method, path, theirs.status, await theirs.json()]).toEqual([
        method,
        path,
        404,
        { detail: "Project not found.", code: "not_found" },
      ]);
      expect((await app.request(path, { method, ...(json && { json }) })).status).toBe(401);
    }
  });

  test("columns and cards of another board are 404, malformed ids 422", async () => {
    const [mine, other] = [await freshBoard(), await freshBoard()];
    const card = await other.add("Elsewhere");
    for (const [method, path] of [
      ["PATCH", `columns/${other.board.columns[0]?.id}`],
      ["PATCH", `columns/${missing}`],
      ["PATCH", `tasks/${card.id}`],
      ["PATCH", `tasks/${missing}`],
    ] as const)
      expect((await app.request(`/api/kanban/${mine.params.project_id}/${path}`, { method, user: owner, json: {} })).status).toBe(404);
    expect((await app.request(`/api/kanban/${mine.params.project_id}/tasks/nope`, { user: owner })).status).toBe(422);
    expect(await mine.add("x", { column_id: other.board.columns[0]?.id }).catch(code)).toBe("bad_request");
    const own = await mine.add("y");
    expect(await mine.move(own.id, { column_id: other.board.columns[0]?.id }).catch(code)).toBe("bad_request");
  });
});

describe("columns", () => {
  test("are added at the end or at a position, changed field by field, reordered and deleted", async () => {
    const { params, read, column } = await freshBoard();
    const last = await kanban().createColumn({ params, body: { name: " QA ", color: "teal", task_limit: 3, description: "Check" } });
    expect(last).toMatchObject({ name: "QA", color: "teal", task_limit: 3, position: 5, tasks: [], is_backlog: false, icon: null });
    await kanban().createColumn({ params, body: { name: "Ideas", position: 0 } });
    expect((await read()).columns.map((c) => c.name)).toEqual(["Ideas", "Backlog", "To Do", "In Progress", "Review", "Done", "QA"]);
    expectDense(await read());
    const changed = await kanban().updateColumn({ params: { ...params, id: last.id }, body: { task_limit: null, is_completed: true } });
    expect(changed).toMatchObject({ name: "QA", task_limit: null, is_completed: true, color: "teal" });
    await kanban().updateColumn({ params: { ...params, id: last.id }, body: { position: 1 } });
    await kanban().updateColumn({ params: { ...params, id: column("Backlog").id }, body: { position: 99 } });
    expect((await read()).columns.map((c) => c.name)).toEqual(["Ideas", "QA", "To Do", "In Progress", "Review", "Done", "Backlog"]);
    expectDense(await read());
    for (const json of [
      { name: null },
      { name: "  " },
      { name: "x".repeat(101) },
      { task_limit: 0 },
      { is_backlog: null },
      { position: -1 },
    ])
      expect(
        (await app.request(`/api/kanban/${params.project_id}/columns/${last.id}`, { method: "PATCH", user: owner, json })).status,
      ).toBe(422);
    expect((await app.request(`/api/kanban/${params.project_id}/columns`, { method: "POST", user: owner, json: {} })).status).toBe(422);
  });

  test("deleting a column deletes its cards, or moves them and marks them as done in a done column", async () => {
    const { params, read, column, add, titles } = await freshBoard();
    for (const title of ["a", "b"]) await add(title, { column_id: column("To Do").id });
    await add("z", { column_id: column("Done").id });
    await kanban().removeColumn({ params: { ...params, id: column("To Do").id }, query: { move_to: column("Done").id } });
    expect(await titles()).toEqual({ Backlog: [], "In Progress": [], Review: [], Done: ["z", "a", "b"] });
    expect(column("Done", await read()).tasks.every((t) => t.completed_at !== null)).toBe(true);
    await kanban().removeColumn({ params: { ...params, id: column("Done").id } });
    expect((await kanban().listCards({ params })).total).toBe(0);
    expectDense(await read());
    expect(
      await kanban()
        .removeColumn({ params: { ...params, id: column("Review").id }, query: { move_to: column("Review").id } })
        .catch(code),
    ).toBe("bad_request");
    expect(
      await kanban()
        .removeColumn({ params: { ...params, id: column("Review").id }, query: { move_to: missing } })
        .catch(code),
    ).toBe("bad_request");
    for (const name of ["Backlog", "Review"]) await kanban().removeColumn({ params: { ...params, id: column(name).id } });
    expect(
      await kanban()
        .removeColumn({ params: { ...params, id: column("In Progress").id } })
        .catch(code),
    ).toBe("last_column");
    expect((await read()).columns).toHaveLength(1);
  });
});

describe("cards", () => {
  test("start in the backlog by default, keep every field, and change only the fields sent", async () => {
    const { params, column, add } = await freshBoard();
    const card = await add(" Write the docs ", {
      description: "# Why",
      priority: "HIGH",
      task_type: "Docs",
      status: "open",
      tags: ["ui", " ui ", "api"],
      assignee_id: owner.id,
      estimate_hours: 3,
      due_date: "2027-01-02T03:04:05+01:00",
    });
    const person = { id: owner.id, name: "Olga Owner", username: owner.username };
    expect(card).toEqual({
      id: card.id,
      board_id: card.board_id,
      column_id: column("Backlog").id,
      ref_number: 1,
      title: "Write the docs",
      description: "# Why",
      position: 0,
      priority: "high",
      status: "open",
      task_type: "docs",
      tags: ["ui", "api"],
      assignee: person,
      reporter: person,
      estimate_hours: 3,
      spent_hours: null,
      due_date: "2027-01-02T02:04:05.000Z",
      started_at: null,
      completed_at: null,
      attachments: null,
      custom_fields: null,
      run: null,
      created_at: card.created_at,
      updated_at: card.updated_at,
    });
    const id = { ...params, id: card.id };
    const changed = await kanban().updateCard({
      params: id,
      body: { title: "Docs", spent_hours: 2, started_at: "2026-12-01T00:00:00Z", priority: null, assignee_id: null, tags: null },
    });
    expect(changed).toMatchObject({
      title: "Docs",
      description: "# Why",
      spent_hours: 2,
      started_at: "2026-12-01T00:00:00.000Z",
      priority: null,
      assignee: null,
      reporter: person,
      tags: null,
      estimate_hours: 3,
    });
    expect(await kanban().getCard({ params: id })).toEqual({ ...changed, comments: [], runs: [] });
    // An empty update changes nothing, not even the time of the last change.
    expect(await kanban().updateCard({ params: id, body: {} })).toEqual(changed);
    const due = await kanban().updateCard({ params: id, body: { due_date: "2026-12-24" } });
    expect(due.due_date).toBe("2026-12-24T00:00:00.000Z");
    expect((await kanban().updateCard({ params: id, body: { due_date: null } })).due_date).toBeNull();
  });

  test.each([
    [{ title: "" }],
    [{ title: "   " }],
    [{ title: null }],
    [{ title: "x".repeat(501) }],
    [{ title: "t", priority: "soon" }],
    [{ title: "t", task_type: "idea" }],
    [{ title: "t", description: "x".repeat(50_001) }],
    [{ title: "t", status: "x".repeat(51) }],
    [{ title: "t", tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }],
    [{ title: "t", tags: ["x".repeat(51)] }],
    [{ title: "t", estimate_hours: -1 }],
    [{ title: "t", estimate_hours: 1.5 }],
    [{ title: "t", due_date: "tomorrow" }],
    [{ title: "t", due_date: "2026-02-30" }],
    [{ title: "t", assignee_id: "me" }],
    [{}],
  ])("%j is 422", async (json) => {
    const project = await emptyProject(app, owner);
    expect((await app.request(`/api/kanban/${project.id}/tasks`, { method: "POST", user: owner, json })).status).toBe(422);
  });

  test("only a user with access can be assignee", async () => {
    const { add, move } = await freshBoard();
    for (const assignee_id of [otherUser.id, missing]) expect(await add("x", { assignee_id }).catch(code)).toBe("bad_request");
    const card = await add("x");
    expect(await move(card.id, { assignee_id: otherUser.id }).catch(code)).toBe("bad_request");
  });

  test("move inside and between columns with clamped positions and no gaps", async () => {
    const { column, add, move, read, titles } = await freshBoard();
    const [a, , c] = [await add("a"), await add("b"), await add("c")];
    const toDo = column("To Do").id;
    await add("x", { column_id: toDo });
    await move(a.id, { position: 1 });
    expect(await titles()).toMatchObject({ Backlog: ["b", "a", "c"] });
    await move(a.id, { position: 99 });
    expect(await titles()).toMatchObject({ Backlog: ["b", "c", "a"] });
    await move(c.id, { column_id: toDo, position: 0 });
    await move(a.id, { column_id: toDo });
    expect(await titles()).toMatchObject({ Backlog: ["b"], "To Do": ["c", "x", "a"] });
    expectDense(await read());
    await kanban().removeCard({ params: { project_id: a.board_id && (await read()).project_id, id: c.id } });
    expect(await titles()).toMatchObject({ Backlog: ["b"], "To Do": ["x", "a"] });
    expectDense(await read());
  });

  test("are completed when moved to a done column, and open again when moved out", async () => {
    const { params, column, add, move, read } = await freshBoard();
    const card = await add("a");
    const done = await move(card.id, { column_id: column("Done").id });
    expect(done.completed_at).toEqual(expect.any(String));
    expect((await move(card.id, { title: "b" })).completed_at).toBe(done.completed_at);
    expect((await move(card.id, { column_id: column("Review").id })).completed_at).toBeNull();
    const completedAt = "2026-01-01T00:00:00.000Z";
    expect((await move(card.id, { completed_at: completedAt })).completed_at).toBe(completedAt);
    expect((await move(card.id, { column_id: column("Done").id })).completed_at).toBe(completedAt);
    expect((await add("born done", { column_id: column("Done").id })).completed_at).toEqual(expect.any(String));
    await kanban().updateColumn({ params: { ...params, id: column("Done").id }, body: { is_completed: false } });
    expect(column("Done", await read()).tasks.map((t) => t.completed_at)).toEqual([null, null]);
  });

  test("a full column accepts no more cards, but its own can still move", async () => {
    const { params, column, add, move, titles } = await freshBoard();
    const review = column("Review").id;
    await kanban().updateColumn({ params: { ...params, id: review }, body: { task_limit: 2 } });
    const [a] = [await add("a", { column_id: review }), await add("b", { column_id: review })];
    const c = await add("c");
    expect(await add("d", { column_id: review }).catch(code)).toBe("task_limit_reached");
    expect(await move(c.id, { column_id: review, title: "half" }).catch(code)).toBe("task_limit_reached");
    await move(a.id, { position: 1 });
    expect(
      await kanban()
        .removeColumn({ params: { ...params, id: column("Backlog").id }, query: { move_to: review } })
        .catch(code),
    ).toBe("task_limit_reached");
    expect(await titles()).toMatchObject({ Backlog: ["c"], Review: ["b", "a"] });
  });

  test("reference numbers are never reused", async () => {
    const { params, add } = await freshBoard();
    const cards = await Promise.all(Array.from({ length: 6 }, (_, i) => add(`n${i}`)));
    expect(cards.map((card) => card.ref_number).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    const last = cards.find((card) => card.ref_number === 6);
    await kanban().removeCard({ params: { ...params, id: last?.id ?? "" } });
    expect((await add("next")).ref_number).toBe(7);
  });

  test("are found by text, number, priority, type, assignee and tags", async () => {
    const { params, add, column } = await freshBoard();
    await add("Login page", { priority: "high", task_type: "bug", tags: ["ui", "auth"], column_id: column("Done").id });
    await add("100% wide_", { description: "the LOGIN form", tags: ["ui"], assignee_id: owner.id });
    await add("Other");
    const found = async (query: object) => (await kanban().listCards({ params, query })).items.map((t) => t.title);
    expect(await found({})).toEqual(["100% wide_", "Other", "Login page"]);
    expect(await found({ q: "login" })).toEqual(["100% wide_", "Login page"]);
    expect(await found({ q: "%" })).toEqual(["100% wide_"]);
    expect(await found({ q: "TSK-0003" })).toEqual(["Other"]);
    expect(await found({ priority: "HIGH" })).toEqual(["Login page"]);
    expect(await found({ task_type: "bug", q: "login" })).toEqual(["Login page"]);
    expect(await found({ assignee_id: owner.id })).toEqual(["100% wide_"]);
    expect(await found({ tags: "ui" })).toEqual(["100% wide_", "Login page"]);
    expect(await found({ tags: "ui,auth" })).toEqual(["Login page"]);
    expect(await kanban().listCards({ params, query: { limit: 1, page: 2 } })).toMatchObject({ total: 3, page: 2, total_pages: 3 });
    expect((await app.request(`/api/kanban/${params.project_id}/tasks?priority=soon`, { user: owner })).status).toBe(422);
  });
});

describe("comments", () => {
  test("are trimmed, ordered and deleted with their card", async () => {
    const { params, add } = await freshBoard();
    const card = await add("a");
    const id = { ...params, id: card.id };
    const first = await kanban().comment({ params: id, body: { content: "  **one** " } });
    expect(first).toMatchObject({ content: "**one**", user: { id: owner.id, name: "Olga Owner", username: owner.username } });
    await kanban().comment({ params: id, body: { content: "two" } });
    expect((await kanban().getCard({ params: id })).comments.map((c) => c.content)).toEqual(["**one**", "two"]);
    for (const content of ["", "  ", null, "x".repeat(10_001)])
      expect(
        (
          await app.request(`/api/kanban/${params.project_id}/tasks/${card.id}/comments`, {
            method: "POST",
            user: owner,
            json: { content },
          })
        ).status,
      ).toBe(422);
    await kanban().removeCard({ params: id });
    expect(
      await kanban()
        .comment({ params: id, body: { content: "late" } })
        .catch(code),
    ).toBe("not_found");
  });
});

test("concurrent moves, creations and deletions leave dense positions and lose no card", async () => {
  const { params, read, column, add, move } = await freshBoard();
  const cards = await Promise.all(Array.from({ length: 20 }, (_, i) => add(`card ${i}`)));
  const columns = ["Backlog", "To Do", "In Progress", "Done"].map((name) => column(name).id);
  const work = Array.from({ length: 60 }, (_, i) => {
    const card = cards[i % 20]?.id ?? "";
    if (i % 6 === 5) return add(`new ${i}`, { column_id: columns[i % 4] });
    if (i % 20 === 19) return kanban().removeCard({ params: { ...params, id: card } });
    if (i % 15 === 7) return kanban().updateColumn({ params: { ...params, id: columns[i % 4] ?? "" }, body: { position: i % 5 } });
    return move(card, { column_id: columns[(i * 7) % 4], position: (i * 13) % 9 });
  });
  const results = await Promise.allSettled(work);
  const failures = results.filter((r) => r.status === "rejected").map((r) => code(r.reason));
  // Only cards that were deleted concurrently are missing.
  expect(new Set(failures).size).toBeLessThanOrEqual(1);
  expect(failures.every((f) => f === "not_found")).toBe(true);
  const board = await read();
  expectDense(board);
  const created = work.filter((_, i) => i % 6 === 5).length;
  const removed = new Set(work.flatMap((_, i) => (i % 20 === 19 && i % 6 !== 5 ? [i % 20] : []))).size;
  expect(board.columns.flatMap((c) => c.tasks)).toHaveLength(20 + created - removed);
  const refs = board.columns.flatMap((c) => c.tasks.map((t) => t.ref_number));
  expect(new Set(refs).size).toBe(refs.length);
});

test("every change is emitted on the project's stream", async () => {
  const { project, params, add, move, column } = await freshBoard();
  const card = await add("a");
  await move(card.id, { column_id: column("Done").id });
  await move(card.id, { title: "b" });
  const comment = await kanban().comment({ params: { ...params, id: card.id }, body: { content: "c" } });
  await kanban().removeCard({ params: { ...params, id: card.id } });
  const seen: ProjectEvent[] = [];
  for await (const event of app.as(owner).projects.events({ params: { id: project.id }, query: { last_event_id: 0 } })) {
    seen.push(event);
    if (seen.length === 5) break;
  }
  expect(seen.map((e) => [e.type, e.data])).toEqual(
    [
      { subject: "card", id: card.id, op: "created" },
      { subject: "card", id: card.id, op: "moved" },
      { subject: "card", id: card.id, op: "updated" },
      { subject: "comment", id: comment.id, op: "created", card_id: card.id },
      { subject: "card", id: card.id, op: "deleted" },
    ].map((data) => ["board_changed", { ...data, user_id: owner.id }]),
  );
});
