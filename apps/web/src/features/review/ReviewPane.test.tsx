import { ChangeSet, Checkpoint, Evidence, Hunk, ReviewFile } from "@tesslate/contract";
import { createElement } from "react";
import { expect, openPane, refuse, sample, sampleId, screen, test, waitFor, within, type CannedApi } from "../../testing/index.ts";
import { RunActionsContext, type RunActions } from "../chat/run-actions.ts";
import { ReviewPane } from "./ReviewPane.tsx";

const turn = sample(Checkpoint, { kind: "turn", title: "add a cart", label: "add a cart", task_id: sampleId });
const hunk = (id: string, at: number) =>
  sample(Hunk, { id, old_start: at, old_lines: 1, new_start: at, new_lines: 1, lines: ["-old();", "+fresh();"] });
const file = (path: string, hunks: Hunk[], known: Partial<ReviewFile> = {}) =>
  sample(ReviewFile, { path, status: "modified", additions: hunks.length, deletions: hunks.length, hunks, changed_by: "run", ...known });
const set = (known: Partial<ChangeSet> = {}) =>
  sample(ChangeSet, { message: "add a cart", files: [file("src/cart.ts", [hunk("h1", 3), hunk("h2", 20)])], total: 1, ...known });

const actions: RunActions = {
  review: () => undefined,
  goBack: () => undefined,
  redo: () => undefined,
  fork: () => undefined,
  goneIds: new Set(),
  isBusy: false,
  isRedoing: false,
};
const review = (known: Parameters<typeof openPane>[1] = {}) =>
  createElement(RunActionsContext, { value: actions }, openPane(ReviewPane, known).element);
function run(api: CannedApi, changes: ChangeSet): void {
  api.blank("snapshots.list");
  api.answer("snapshots.checkpoints", { items: [turn] });
  api.answer("changes.diff", changes);
  api.blank("evidence.list");
}
const hunks = () => screen.findAllByTestId("hunk");

test("before the first run the empty state is shown", async ({ api, show }) => {
  api.blank("snapshots.list", "snapshots.checkpoints");
  show(review());
  expect(await screen.findByRole("heading", { name: "Nothing to review yet" })).toBeVisible();
});

test("a failure can be retried", async ({ api, show, user }) => {
  run(api, set());
  api.answer("changes.diff", refuse("internal_error"));
  show(review());
  const alert = await screen.findByRole("alert");
  run(api, set());
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  expect(await hunks()).toHaveLength(2);
});

test("A keeps the hunk and selects the next one; the counts are updated", async ({ api, show, user }) => {
  run(api, set());
  show(review());
  await hunks();
  await user.keyboard("a");
  await waitFor(async () => expect((await hunks()).map((one) => one.dataset["state"])).toEqual(["kept", "open"]));
  expect((await hunks())[1]).toHaveAttribute("aria-current", "true");
  expect(screen.getByText("1 kept, 0 rejected, 1 open")).toBeVisible();
});

test("R rejects a hunk; R again restores it", async ({ api, show, user }) => {
  run(api, set());
  api.answer("changes.apply", ({ body }) => ({
    rejected: (body as { reject?: unknown[] }).reject ? [{ path: "src/cart.ts", is_whole: false, hunks: ["h1"] }] : [],
  }));
  show(review());
  await hunks();
  await user.keyboard("r");
  await waitFor(async () => expect((await hunks())[0]).toHaveAttribute("data-state", "rejected"));
  expect(api.asked("changes.apply")[0]?.body).toEqual({ reject: [{ path: "src/cart.ts", hunks: ["h1"] }] });
  await user.keyboard("r");
  await waitFor(() => expect(api.asked("changes.apply")[1]?.body).toEqual({ restore: [{ path: "src/cart.ts", hunks: ["h1"] }] }));
});

test("a hunk that was edited since is marked, with the reason", async ({ api, show, user }) => {
  run(api, set());
  api.answer(
    "changes.apply",
    refuse("hunks_do_not_fit", {
      detail: "The file was changed since.",
      details: { conflicts: [{ path: "src/cart.ts", hunks: ["h1"], reason: "changed" }] },
    }),
  );
  show(review());
  const [first] = await hunks();
  await user.click(within(first as HTMLElement).getByRole("button", { name: /Reject/ }));
  expect(await screen.findByText("Edited since, not rejected")).toBeVisible();
  expect(await screen.findByRole("alert")).toHaveTextContent("The file was changed since.");
});

test("C adds a comment; all comments are sent to the agent together", async ({ api, show, user }) => {
  run(api, set());
  const asked: string[] = [];
  show(review({ ask: (text) => asked.push(text) }));
  await hunks();
  await user.keyboard("c");
  const field = await screen.findByRole("textbox", { name: /^Comment on/ });
  await waitFor(() => expect(field).toHaveFocus());
  await user.type(field, "Use a map here");
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect(await screen.findByText("Use a map here")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Send 1 comment" }));
  expect(asked[0]).toContain("Use a map here");
});

test("while the run is active, its changes are shown but cannot be kept or rejected", async ({ api, show, user }) => {
  run(api, set({ is_running: true }));
  show(review());
  await hunks();
  expect(screen.getByText(/The agent is still working/)).toBeVisible();
  await user.keyboard("ar");
  expect(api.asked("changes.apply")).toEqual([]);
  expect(screen.queryByRole("button", { name: /^Keep/ })).not.toBeInTheDocument();
});

test("the diff is shown side by side, and the choice is remembered", async ({ api, show, user }) => {
  run(api, set());
  const page = show(review());
  await hunks();
  await user.click(screen.getByRole("radio", { name: "Split" }));
  const [first] = await hunks();
  const lines = within(first as HTMLElement).getByRole("group", { name: "Lines 3" });
  // One row: the old line at the left, the new one at the right.
  expect([...(lines.firstElementChild?.children ?? [])].map((side) => side.textContent)).toEqual([
    expect.stringMatching(/old\(\);$/),
    expect.stringMatching(/fresh\(\);$/),
  ]);
  // A comment is below both sides.
  await user.keyboard("c");
  expect(await screen.findByRole("textbox", { name: /^Comment on/ })).toBeVisible();
  page.unmount();
  show(review());
  await waitFor(() => expect(screen.getByRole("radio", { name: "Split" })).toBeChecked());
});

test("generated files are collapsed at the end of the list, and open when they are reached", async ({ api, show, user }) => {
  run(api, set({ files: [file("package-lock.json", [hunk("h9", 1)]), file("src/cart.ts", [hunk("h1", 3)])], total: 2 }));
  show(review());
  await hunks();
  const row = screen.getByRole("button", { name: "1 generated file" });
  expect(row).toHaveAttribute("aria-expanded", "false");
  expect(screen.getAllByTestId("file-row").map((one) => one.title)).toEqual(["src/cart.ts"]);
  await user.keyboard("]");
  await waitFor(() => expect(row).toHaveAttribute("aria-expanded", "true"));
  expect(screen.getAllByTestId("file-row").map((one) => one.title)).toEqual(["src/cart.ts", "package-lock.json"]);
});

const outcome = (status: "passed" | "failed") => ({ status, exit_code: status === "passed" ? 0 : 1, duration_ms: 900, output: "" });
const checked = (status: "passed" | "failed") =>
  sample(Evidence, {
    verify: null,
    checks: {
      success: status === "passed",
      duration_ms: 900,
      checks: [
        { name: "typecheck", container: null, command: "npm run typecheck", before: outcome("passed"), after: outcome("passed") },
        { name: "test", container: null, command: "npm test", before: outcome("passed"), after: outcome(status) },
      ],
    },
  });

test("in a wide pane the checks of the run are beside its changes, and can be hidden", async ({ api, show, user }) => {
  run(api, set());
  api.answer("evidence.list", { items: [checked("failed")] });
  show(review());
  const panel = await screen.findByRole("complementary", { name: "Evidence" });
  expect(within(panel).getByText("1 of 2 checks passed, 1 newly failed, 900 ms")).toBeVisible();
  expect(within(panel).getByRole("button", { name: "Undo run" })).toBeEnabled();
  expect(await hunks()).toHaveLength(2);
  const button = screen.getByRole("button", { name: "Evidence: 1 of 2 checks passed" });
  expect(button).toHaveAttribute("aria-expanded", "true");
  await user.click(button);
  expect(panel).not.toBeInTheDocument();
  expect(button).toHaveAttribute("aria-expanded", "false");
});

test("a run without checks has no evidence, and an active run is not asked for any", async ({ api, show }) => {
  run(api, set());
  const page = show(review());
  await hunks();
  await waitFor(() => expect(api.asked("evidence.list")).toHaveLength(1));
  expect(screen.queryByRole("button", { name: /^Evidence/ })).not.toBeInTheDocument();
  page.unmount();
  run(api, set({ is_running: true }));
  show(review());
  await screen.findByText(/The agent is still working/);
  expect(api.asked("evidence.list")).toHaveLength(1);
});
