import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { crowd, callers } from "../../../testing/crowd.ts";
import { createRateLimiter } from "../../../platform/rate-limit.ts";
import { createFeedback, createFeedbackStore } from "./index.ts";

let app: TestApp;
let ada: TestUser;
let bob: TestUser;
let admin: TestUser;
beforeAll(async () => {
  // Lists and sorts all posts.
  app = await testApp({ ownServer: true });
  [ada, bob, admin] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp({ name: "Bob" }), app.signUp({ admin: true })]);
});
afterAll(() => app.close());

const of = (user: TestUser) => app.as(user).feedback;
const code = (error: unknown) => (error as { code?: string }).code;
const missing = "00000000-0000-4000-8000-000000000000";
const post = (user: TestUser, title: string, more: { type?: "bug" | "suggestion"; description?: string } = {}) =>
  of(user).create({ body: { type: "bug", title, description: "It does.", ...more } });
const sql = (text: string, values: unknown[] = []) => app.studio.database.pool.query(text, values);
const audited = async (id: string) =>
  (await app.as(admin).adminAudit.list({ query: { target_id: id } })).items.map((item) => [item.action_type, item.reason, item.extra_data]);

describe("posts", () => {
  test("are created, read and deleted by their author", async () => {
    const made = await post(ada, "  Preview is blank  ", { type: "suggestion", description: " Steps:\n\n1. open " });
    expect(made).toEqual({
      id: expect.any(String),
      user_id: ada.id,
      user_name: "Ada",
      username: ada.username,
      avatar_url: null,
      type: "suggestion",
      title: "Preview is blank",
      description: "Steps:\n\n1. open",
      status: "open",
      upvote_count: 0,
      has_upvoted: false,
      comment_count: 0,
      is_hidden: false,
      answer: null,
      answered_at: null,
      duplicate_of: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const params = { id: made.id };
    expect(await of(ada).get({ params })).toEqual({ ...made, is_owner: true, comments: [] });
    expect(await of(bob).get({ params })).toMatchObject({ is_owner: false });
    expect(await of(bob).remove({ params }).catch(code)).toBe("forbidden");
    await of(ada).remove({ params });
    expect(await of(ada).get({ params }).catch(code)).toBe("not_found");
    expect(await audited(made.id)).toEqual([]);
  });

  test("are listed by votes, date or comments, filtered, searched and paged", async () => {
    const mark = "zebra";
    const [a, b, c] = [
      await post(ada, `${mark} one`, { description: "100% of _all_ tests" }),
      await post(bob, `${mark} two`, { type: "suggestion" }),
      await post(ada, `${mark} three`),
    ];
    await of(bob).upvote({ params: { id: a.id } });
    await of(ada).upvote({ params: { id: a.id } });
    await of(ada).upvote({ params: { id: b.id } });
    for (const content of ["x", "y"]) await of(bob).comment({ params: { id: c.id }, body: { content } });
    await of(bob).comment({ params: { id: b.id }, body: { content: "z" } });
    await of(admin).update({ params: { id: c.id }, body: { status: "resolved" } });
    const ids = async (query: object) => (await of(ada).list({ query: { q: mark, ...query } })).items.map((item) => item.id);
    expect(await ids({})).toEqual([a.id, b.id, c.id]);
    expect(await ids({ sort: "upvotes" })).toEqual([a.id, b.id, c.id]);
    expect(await ids({ sort: "date" })).toEqual([c.id, b.id, a.id]);
    expect(await ids({ sort: "comments" })).toEqual([c.id, b.id, a.id]);
    expect(await ids({ type: "suggestion" })).toEqual([b.id]);
    expect(await ids({ status: "resolved" })).toEqual([c.id]);
    expect(await ids({ sort: "comments", limit: 1, skip: 1 })).toEqual([b.id]);
    expect(await ids({ q: "ZEBRA three" })).toEqual([c.id]);
    // SQL wildcards are matched literally.
    expect(await ids({ q: "100% _all_" })).toEqual([a.id]);
    expect(await ids({ q: `${mark} %` })).toEqual([a.id]);
    const list = await of(bob).list({ query: { q: mark, limit: 2 } });
    expect([list.total, list.total_pages, list.items.map((item) => item.has_upvoted)]).toEqual([3, 2, [true, false]]);
    expect((await of(bob).list({ query: { q: mark, page: 9, limit: 2 } })).items).toEqual([]);
    for (const query of ["type=idea", "status=done", "sort=hot", "limit=0", "skip=-1"])
      expect([query, (await app.request(`/api/feedback?${query}`, { user: ada })).status]).toEqual([query, 422]);
  });

  test("with similar words in any form are found, the closest first", async () => {
    const close = await post(ada, "The terminal loses its scrollback after reconnecting");
    await post(ada, "Scrollback is short");
    await post(ada, "Colours of giraffes");
    const similar = await of(bob).list({ query: { similar_to: "terminals lost scrollback when I reconnect" } });
    expect([similar.items[0]?.id, similar.total]).toEqual([close.id, 2]);
    expect((await of(bob).list({ query: { similar_to: "the of and" } })).items).toEqual([]);
    expect((await of(bob).list({ query: { similar_to: "' | !( & :* <->" } })).items).toEqual([]);
  });

  test("invalid bodies are 422, unauthenticated is 401, an unknown post is 404", async () => {
    const body = { type: "bug", title: "t", description: "d" };
    for (const json of [
      {},
      { ...body, type: "idea" },
      { ...body, title: "  " },
      { ...body, title: "x".repeat(501) },
      { ...body, description: "" },
      { ...body, description: "x".repeat(20_001) },
    ])
      expect((await app.request("/api/feedback", { method: "POST", user: ada, json })).status).toBe(422);
    for (const [method, path, json] of [
      ["GET", ""],
      ["POST", "", body],
      ["GET", `/${missing}`],
      ["PATCH", `/${missing}`, {}],
      ["DELETE", `/${missing}`],
      ["POST", `/${missing}/upvote`],
      ["DELETE", `/${missing}/upvote`],
      ["GET", `/${missing}/comments`],
      ["POST", `/${missing}/comments`, { content: "c" }],
      ["DELETE", `/${missing}/comments/${missing}`],
    ] as const) {
      const respond = async (user?: TestUser) =>
        (await app.request(`/api/feedback${path}`, { method, ...(user && { user }), ...(json && { json }) })).status;
      expect([method, path, await respond()]).toEqual([method, path, 401]);
      if (path) expect([method, path, await respond(admin)]).toEqual([method, path, 404]);
      if (method === "PATCH") expect(await respond(ada)).toBe(403);
    }
    expect((await app.request("/api/feedback/nope", { user: ada })).status).toBe(422);
  });
});

describe("votes", () => {
  test("are added and removed, also on the user's own post", async () => {
    const { id } = await post(ada, "Vote");
    expect(await of(ada).upvote({ params: { id } })).toEqual({ upvoted: true, upvote_count: 1 });
    expect(await of(bob).upvote({ params: { id } })).toEqual({ upvoted: true, upvote_count: 2 });
    // A repeated vote changes nothing.
    expect(await of(ada).upvote({ params: { id } })).toEqual({ upvoted: true, upvote_count: 2 });
    expect(await of(ada).removeUpvote({ params: { id } })).toEqual({ upvoted: false, upvote_count: 1 });
    expect(await of(ada).removeUpvote({ params: { id } })).toEqual({ upvoted: false, upvote_count: 1 });
    expect(await of(bob).get({ params: { id } })).toMatchObject({ upvote_count: 1, has_upvoted: true });
  });

  test("concurrent votes of many users all count; concurrent votes of one user count once", async () => {
    const { id } = await post(ada, "A popular idea");
    const people = await crowd(app, callers);
    const upvote = (token: string) => app.as({ token }).feedback.upvote({ params: { id } });
    const answers = await Promise.all(people.map((person) => upvote(person.token)));
    expect(answers.every((answer) => answer.upvoted)).toBe(true);
    expect(answers.map((answer) => answer.upvote_count).sort((a, b) => a - b)).toEqual(Array.from({ length: callers }, (_, n) => n + 1));
    expect((await of(bob).get({ params: { id } })).upvote_count).toBe(callers);
    const again = await Promise.all(Array.from({ length: callers }, () => of(bob).upvote({ params: { id } })));
    expect(again.every((vote) => vote.upvoted && vote.upvote_count === callers + 1)).toBe(true);
    const removals = await Promise.all(Array.from({ length: callers }, () => of(bob).removeUpvote({ params: { id } })));
    expect(removals.every((vote) => !vote.upvoted && vote.upvote_count === callers)).toBe(true);
    const { rows } = await sql(
      "select count(*)::int as n, count(distinct user_id)::int as people from feedback_upvotes where feedback_id = $1",
      [id],
    );
    expect([rows[0], (await of(bob).get({ params: { id } })).upvote_count]).toEqual([{ n: callers, people: callers }, callers]);
  });
});

describe("comments", () => {
  test("are listed oldest first, counted, and deleted by their author or an administrator", async () => {
    const { id } = await post(ada, "Talk");
    const params = { id };
    const first = await of(bob).comment({ params, body: { content: " first " } });
    expect(first).toMatchObject({ user_id: bob.id, user_name: "Bob", feedback_id: id, content: "first" });
    const second = await of(ada).comment({ params, body: { content: "second" } });
    expect((await of(bob).get({ params })).comments.map((c) => c.content)).toEqual(["first", "second"]);
    expect(await of(bob).comments({ params, query: { limit: 1, page: 2 } })).toMatchObject({ total: 2, items: [{ content: "second" }] });
    expect(
      await of(bob)
        .removeComment({ params: { id, comment_id: second.id } })
        .catch(code),
    ).toBe("forbidden");
    const { id: elsewhere } = await post(ada, "Elsewhere");
    expect(
      await of(ada)
        .removeComment({ params: { id: elsewhere, comment_id: second.id } })
        .catch(code),
    ).toBe("not_found");
    await of(admin).removeComment({ params: { id, comment_id: second.id } });
    await of(bob).removeComment({ params: { id, comment_id: first.id } });
    expect(await of(bob).get({ params })).toMatchObject({ comment_count: 0, comments: [] });
    expect(await audited(id)).toEqual([["feedback.comment_removed", null, { comment_id: second.id, author_id: ada.id }]]);
    for (const content of ["", " \n ", "x".repeat(10_001)])
      expect((await app.request(`/api/feedback/${id}/comments`, { method: "POST", user: ada, json: { content } })).status).toBe(422);
  });
  test("concurrent comments are counted exactly", async () => {
    const { id } = await post(ada, "Busy");
    await Promise.all(Array.from({ length: 40 }, (_, n) => of(n % 2 ? ada : bob).comment({ params: { id }, body: { content: `${n}` } })));
    expect((await of(ada).get({ params: { id } })).comment_count).toBe(40);
  });
  test('posts of a deleted user show "Deleted user" and nothing else about them', async () => {
    const { id } = await post(ada, "Leaving");
    const deleted = await app.signUp({ name: "Removed Person" });
    await of(deleted).comment({ params: { id }, body: { content: "bye" } });
    await sql("update users set is_deleted = true, avatar_url = 'https://example.com/x.png' where id = $1", [deleted.id]);
    expect((await of(ada).get({ params: { id } })).comments[0]).toMatchObject({
      user_name: "Deleted user",
      username: null,
      avatar_url: null,
      content: "bye",
    });
  });
});

describe("moderation", () => {
  test("an administrator sets the status of a post, with an audit row for each change", async () => {
    const { id } = await post(ada, "Status");
    const params = { id };
    expect(await of(admin).update({ params, body: { status: "in_progress", reason: "picked up" } })).toMatchObject({
      status: "in_progress",
    });
    await of(admin).update({ params, body: { status: "in_progress" } });
    await of(admin).update({ params, body: {} });
    expect(await audited(id)).toEqual([["feedback.status_changed", "picked up", { from: "open", to: "in_progress" }]]);
    expect((await app.request(`/api/feedback/${id}`, { method: "PATCH", user: ada, json: { status: "closed" } })).status).toBe(403);
    expect((await app.request(`/api/feedback/${id}`, { method: "PATCH", user: admin, json: { status: "won" } })).status).toBe(422);
  });

  test("a hidden post is visible to administrators and its author only, until it is shown again", async () => {
    const { id } = await post(ada, "Rude giraffe");
    const params = { id };
    await of(admin).update({ params, body: { is_hidden: true, reason: "rude" } });
    const seen = async (user: TestUser) => (await of(user).list({ query: { q: "rude giraffe" } })).total;
    expect([await seen(admin), await seen(ada), await seen(bob)]).toEqual([1, 1, 0]);
    const hidden = await app.request(`/api/feedback/${id}`, { user: bob });
    const never = await app.request(`/api/feedback/${missing}`, { user: bob });
    expect([hidden.status, await hidden.text()]).toEqual([404, await never.text()]);
    for (const change of [
      () => of(bob).upvote({ params }),
      () => of(bob).comment({ params, body: { content: "x" } }),
      () => of(bob).comments({ params, query: {} }),
      () => of(bob).remove({ params }),
    ])
      expect(await change().then(String, code)).toBe("not_found");
    expect(await of(ada).get({ params })).toMatchObject({ is_hidden: true, is_owner: true });
    await of(admin).update({ params, body: { is_hidden: false } });
    expect(await seen(bob)).toBe(1);
    await of(admin).remove({ params });
    expect(await audited(id)).toEqual([
      ["feedback.removed", null, { author_id: ada.id, upvote_count: 0, comment_count: 0 }],
      ["feedback.shown", null, {}],
      ["feedback.hidden", "rude", {}],
    ]);
  });
});

test("writing and voting have separate rate limits", async () => {
  const limits = createRateLimiter({ db: app.db, factor: 0.1 });
  const feedback = createFeedback({
    store: createFeedbackStore(app.db),
    audit: { change: () => Promise.reject(new Error("no audit")) },
    limits,
  });
  const eve = { id: (await app.signUp()).id, is_superuser: false };
  const outcomes = (work: Promise<unknown>[]) => Promise.all(work.map((one) => one.then(() => "ok", code)));
  const createPost = (title: string) => feedback.create(eve, { type: "bug", title, description: "d" });
  const made = await createPost("0");
  expect((await outcomes(["1", "2", "3", "4"].map(createPost))).sort()).toEqual(["ok", "ok", "rate_limited", "rate_limited"]);
  expect(await feedback.comment(eve, made.id, "c").then(() => "ok", code)).toBe("rate_limited");
  const votes = await outcomes(Array.from({ length: 8 }, () => feedback.vote(eve, made.id, true)));
  expect(votes.filter((vote) => vote === "rate_limited")).toHaveLength(2);
});

describe("administrators", () => {
  test("answer a post; an empty answer is refused, and null removes it", async () => {
    const { id } = await post(ada, "Answer me");
    const params = { id };
    expect((await app.request(`/api/feedback/${id}`, { method: "PATCH", user: bob, json: { answer: "No." } })).status).toBe(403);
    expect((await app.request(`/api/feedback/${id}`, { method: "PATCH", user: admin, json: { answer: " " } })).status).toBe(422);
    const answered = await of(admin).update({ params, body: { answer: " We're on it. ", status: "in_progress" } });
    expect(answered).toMatchObject({ answer: "We're on it.", answered_at: expect.any(String), status: "in_progress" });
    expect(await of(bob).get({ params })).toMatchObject({ answer: "We're on it." });
    expect(await of(admin).update({ params, body: { answer: null } })).toMatchObject({ answer: null, answered_at: null });
    const actions = ["feedback.answer_removed", "feedback.answered", "feedback.status_changed"];
    expect((await audited(id)).map(([action]) => action).sort()).toEqual(actions);
  });

  test("merge duplicates: votes count once per person at the other post, and go back when that is undone", async () => {
    const [kept, twin, third] = [await post(ada, "Merge kept"), await post(bob, "Merge twin"), await post(bob, "Merge third")];
    const at = (id: string, user = ada) => of(user).get({ params: { id } });
    const into = (id: string, duplicate_of: string | null) => of(admin).update({ params: { id }, body: { duplicate_of } });
    for (const [user, id] of [
      [ada, kept.id],
      [ada, twin.id],
      [bob, twin.id],
      [admin, third.id],
    ] as const)
      await of(user).upvote({ params: { id } });
    expect(await into(twin.id, kept.id)).toMatchObject({ duplicate_of: { id: kept.id, title: "Merge kept", status: "open" } });
    expect(await at(kept.id, bob)).toMatchObject({ upvote_count: 2, has_upvoted: true });
    // Duplicates of a duplicate go with it, and are not listed.
    expect(await into(third.id, twin.id).catch(code)).toBe("conflict");
    await into(kept.id, third.id);
    expect(await at(third.id)).toMatchObject({ upvote_count: 3 });
    expect((await of(ada).list({ query: { q: "merge" } })).items.map(({ id }) => id)).toEqual([third.id]);
    expect((await at(twin.id)).duplicate_of).toMatchObject({ id: third.id });
    // A vote is taken back wherever it was given.
    expect(await of(bob).removeUpvote({ params: { id: third.id } })).toEqual({ upvoted: false, upvote_count: 2 });
    expect(await of(bob).upvote({ params: { id: twin.id } })).toMatchObject({ upvoted: true });
    expect(await at(third.id)).toMatchObject({ upvote_count: 3 });
    await into(twin.id, null);
    await into(kept.id, null);
    expect([await at(kept.id), await at(twin.id), await at(third.id)]).toMatchObject([
      { upvote_count: 1, duplicate_of: null },
      { upvote_count: 2, duplicate_of: null },
      { upvote_count: 1, has_upvoted: false },
    ]);
    expect(await into(kept.id, kept.id).catch(code)).toBe("conflict");
    expect(await into(kept.id, missing).catch(code)).toBe("not_found");
    // Who is deleted takes their vote along, also from where it counted.
    await into(twin.id, kept.id);
    await of(bob).remove({ params: { id: twin.id } });
    expect(await at(kept.id)).toMatchObject({ upvote_count: 1 });
    await into(third.id, kept.id);
    await of(ada).remove({ params: { id: kept.id } });
    expect(await at(third.id)).toMatchObject({ duplicate_of: null, upvote_count: 1 });
  });
});
