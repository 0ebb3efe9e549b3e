import { FeedbackDetail, FeedbackPost } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  sample,
  sampleTime,
  screen,
  signedIn,
  test,
  waitFor,
  within,
  type CannedApi,
} from "../../testing/index.ts";

const ids = [1, 2].map((n) => `00000000-0000-4000-8000-00000000000${n}`) as [string, string];
const more = { duplicate_of: null, answer: null, answered_at: null, is_hidden: false, comment_count: 0 };
const dark = sample(FeedbackPost, { ...more, id: ids[0], title: "Dark mode", status: "open", upvote_count: 3, type: "suggestion" });
const night = sample(FeedbackPost, { ...more, id: ids[1], title: "Night colors", status: "open", upvote_count: 1, type: "suggestion" });
const detail = (post: FeedbackPost, given: object = {}) => sample(FeedbackDetail, { ...post, is_owner: false, comments: [], ...given });

const board = (api: CannedApi, isAdministrator: boolean) => {
  signedIn(api, { is_superuser: isAdministrator });
  api.blank("adminSetup.get");
  api.answer("feedback.list", { items: [dark, night] });
  api.answer("feedback.comments", { items: [] });
  api.answer("feedback.get", ({ params }) => detail(params["id"] === ids[0] ? dark : night));
};

test("an administrator answers a post, which everyone sees above the comments", async ({ api, open, user }) => {
  board(api, true);
  api.answer("feedback.update", { ...dark, answer: "We're on it." });
  open(`/feedback?post=${ids[0]}`);
  await user.click(await screen.findByRole("button", { name: "Answer…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Answer this post" }));
  await user.click(dialog.getByRole("button", { name: "Save answer" }));
  await waitFor(() => expect(dialog.getByLabelText("Answer")).toHaveAccessibleDescription(/Enter an answer\./));
  await user.type(dialog.getByLabelText("Answer"), " We're on it. ");
  api.answer("feedback.get", detail(dark, { answer: "We're on it.", answered_at: sampleTime }));
  await user.click(dialog.getByRole("button", { name: "Save answer" }));
  expect(await screen.findByRole("region", { name: "Answer" })).toHaveTextContent("We're on it.");
  expect(api.asked("feedback.update")[0]?.body).toEqual({ answer: "We're on it." });
  await expectAccessible();
});

test("a post is merged into a similar one, and Undo separates them", async ({ api, open, user }) => {
  board(api, true);
  api.answer("feedback.update", { ...night, duplicate_of: { id: ids[0], title: dark.title, status: "open" } });
  open(`/feedback?post=${ids[1]}`);
  await user.click(await screen.findByRole("button", { name: "Merge…" }));
  const list = within(await screen.findByRole("list", { name: "Posts" }));
  expect(list.queryByText("Night colors")).toBeNull();
  expect(api.asked("feedback.list").at(-1)?.query.get("similar_to")).toBe("Night colors");
  await user.type(screen.getByRole("searchbox", { name: "Search posts" }), "dark");
  await waitFor(() => expect(api.asked("feedback.list").at(-1)?.query.get("q")).toBe("dark"));
  await user.click(list.getByRole("button", { name: "Merge into Dark mode" }));
  await screen.findByText("Merged into “Dark mode”.");
  await user.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() =>
    expect(api.asked("feedback.update").map(({ body }) => body)).toEqual([{ duplicate_of: ids[0] }, { duplicate_of: null }]),
  );
});

test("a duplicate leads to the post where its votes count; others have no buttons of administrators", async ({ api, open, user }) => {
  board(api, false);
  api.answer("feedback.get", ({ params }) =>
    params["id"] === ids[0] ? detail(dark) : detail(night, { duplicate_of: { id: ids[0], title: dark.title, status: "open" } }),
  );
  const app = open(`/feedback?post=${ids[1]}`);
  expect(await screen.findByText("Merged into “Dark mode”. Votes count there.")).toBeVisible();
  expect(screen.queryByRole("button", { name: /Merge|merge|Answer/ })).toBeNull();
  await user.click(screen.getByRole("link", { name: "Open post" }));
  expect(await screen.findByRole("heading", { level: 2, name: "Dark mode" })).toBeVisible();
  expect(app.path()).toContain(ids[0]);
});
