import { GitStatus, Project, Task } from "@tesslate/contract";
import { useState } from "react";
import { expect, openPane, refuse, sample, screen, test, waitFor, within, type CannedApi } from "../../testing/index.ts";
import { GitPane } from "./GitPane.tsx";

const clean: GitStatus = sample(GitStatus, { branch: "main" });
const changed: GitStatus = {
  ...clean,
  unstaged_count: 1,
  untracked_count: 1,
  changes: [
    { path: "src/App.tsx", status: "M", staged: false },
    { path: "notes.md", status: "??", staged: false },
  ],
};
function repository(api: CannedApi, status: GitStatus): void {
  api.blank("git.diff", "git.branches", "git.log", "gitProviders.list");
  api.answer("git.info", { is_repository: true });
  api.answer("git.status", status);
}

test("loading and failure are shown; Retry loads again", async ({ api, show, user }) => {
  const answer = api.hang("git.info");
  show(openPane(GitPane).element);
  expect(await screen.findByRole("status", { name: "Loading repository…" })).toBeVisible();
  answer(refuse("git_failed", { detail: "The index is damaged." }));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The index is damaged.");
  repository(api, clean);
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  await screen.findByRole("heading", { name: "Nothing to commit" });
});

test("without a repository, the ways to create one are shown", async ({ api, show }) => {
  api.blank("gitProviders.list");
  api.answer("git.info", { is_repository: false });
  show(openPane(GitPane).element);
  expect(await screen.findByRole("heading", { name: "No Git repository yet" })).toBeVisible();
  expect(screen.getAllByRole("listitem").length).toBeGreaterThan(1);
});

test("the status is loaded again when a clone has ended", async ({ api, show, user }) => {
  repository(api, clean);
  const project = sample(Project, { environment_status: "active" });
  const clone = sample(Task, { type: "git_clone", status: "running" });
  function Cloning() {
    const [task, setTask] = useState(clone);
    return (
      <>
        <button onClick={() => setTask({ ...clone, status: "completed" })}>End</button>
        {openPane(GitPane, { project, tasks: [task] }).element}
      </>
    );
  }
  show(<Cloning />);
  expect(await screen.findByText("Cloning repository…")).toBeVisible();
  await waitFor(() => expect(api.asked("git.status")).toHaveLength(1));
  api.answer("git.status", { ...clean, branch: "cloned" });
  await user.click(screen.getByRole("button", { name: "End" }));
  expect(await screen.findByRole("button", { name: "Branch cloned" })).toBeVisible();
});

test("nothing to commit: the button is disabled, with the reason", async ({ api, show }) => {
  repository(api, clean);
  show(openPane(GitPane).element);
  await screen.findByRole("heading", { name: "Nothing to commit" });
  expect(screen.getByRole("button", { name: /^Commit all/ })).toBeDisabled();
  expect(screen.getByText("No changes to commit.")).toBeVisible();
});

test("changes are listed, staged by S and committed by Ctrl and Enter", async ({ api, show, user }) => {
  repository(api, changed);
  show(openPane(GitPane).element);
  const list = await screen.findByRole("treegrid");
  expect(within(list).getByText("App.tsx")).toBeVisible();
  expect(within(list).getByText("notes.md")).toBeVisible();
  api.answer("git.stage", changed);
  await user.click(within(list).getByText("App.tsx"));
  await user.keyboard("s");
  await waitFor(() => expect(api.asked("git.stage")[0]?.body).toMatchObject({ paths: ["src/App.tsx"] }));
  const message = screen.getByRole("textbox", { name: "Commit message" });
  expect(screen.getByText("Enter a commit message.")).toBeVisible();
  await user.type(message, "feat: a page");
  api.answer("git.commit", refuse("git_failed", { detail: "A hook refused." }));
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect(await screen.findByText("A hook refused.")).toBeVisible();
  expect(message).toHaveValue("feat: a page");
});

test("a message is proposed, and not over what was written in the meantime; commits of runs can be turned off", async ({
  api,
  show,
  user,
}) => {
  repository(api, changed);
  show(openPane(GitPane).element);
  const message = await screen.findByRole("textbox", { name: "Commit message" });
  const answer = api.hang("git.proposeMessage");
  await user.click(screen.getByRole("button", { name: "Propose a message" }));
  await user.type(message, "Mine");
  answer({ message: "Add a page" });
  await waitFor(() => expect(screen.getByRole("button", { name: "Propose a message" })).toBeEnabled());
  expect(message).toHaveValue("Mine");
  await user.clear(message);
  api.answer("git.proposeMessage", { message: "Add a page" });
  await user.click(screen.getByRole("button", { name: "Propose a message" }));
  await waitFor(() => expect(message).toHaveValue("Add a page"));
  api.answer("projects.update", {});
  await user.click(screen.getByRole("switch", { name: "Commit each run of the agent" }));
  await waitFor(() => expect(api.asked("projects.update")[0]?.body).toMatchObject({ settings: { commit_runs: false } }));
});

test("discarding asks for confirmation; for new files it says that they are deleted", async ({ api, show, user }) => {
  repository(api, changed);
  show(openPane(GitPane).element);
  await user.click(await screen.findByText("notes.md"));
  await user.keyboard("{Delete}");
  const dialog = await screen.findByRole("alertdialog", { name: "Discard changes in notes.md?" });
  expect(dialog).toHaveTextContent("discarding deletes it");
  await user.keyboard("{Escape}");
  expect(api.asked("git.discard")).toEqual([]);
});

test("an unfinished merge shows how many files have conflicts, and can be aborted", async ({ api, show, user }) => {
  repository(api, {
    ...clean,
    operation: "merge",
    has_conflicts: true,
    unstaged_count: 1,
    changes: [{ path: "src/App.tsx", status: "U", staged: false }],
  });
  api.blank("git.conflicts");
  const composed: string[] = [];
  show(openPane(GitPane, { compose: (text) => composed.push(text) }).element);
  expect(await screen.findByText(/conflicts in 1 file/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Finish merge" })).toBeDisabled();
  await user.click(screen.getAllByRole("button", { name: "Ask the agent" })[0] as HTMLElement);
  expect(composed[0]).toContain("src/App.tsx");
  api.answer("git.abortMerge", refuse("git_failed", { detail: "No merge to abort." }));
  await user.click(screen.getByRole("button", { name: "Abort merge…" }));
  await user.click(within(await screen.findByRole("alertdialog")).getByRole("button", { name: "Abort merge" }));
  expect(await screen.findByText("No merge to abort.")).toBeVisible();
});
