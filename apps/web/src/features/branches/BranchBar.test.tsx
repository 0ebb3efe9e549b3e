import { Branch, BranchDiff, BranchFile } from "@tesslate/contract";
import { expect, expectAccessible, openPane, refuse, sample, sampleId, screen, test, waitFor, within } from "../../testing/index.ts";
import { BranchBar } from "./BranchBar.tsx";

const branch = sample(Branch, {
  slug: "alder-x1",
  is_ready: true,
  status: "stopped",
  files: 3,
  additions: 12,
  deletions: 4,
  deleted_after: "2100-01-01T00:00:00Z",
});
const bar = (known: Partial<Branch> = {}) => openPane(() => <BranchBar branch={{ ...branch, ...known }} />).element;
const file = (path: string, known: Partial<BranchFile> = {}): BranchFile =>
  sample(BranchFile, {
    path,
    status: "modified",
    additions: 1,
    deletions: 1,
    hunks: [{ id: "h1", old_start: 1, old_lines: 1, new_start: 1, new_lines: 1, section: "", lines: ["-before", "+after"] }],
    ...known,
  });
const conflict = { path: "src/b.ts", hunks: ["h1"], reason: "changed" as const };

test("it names the project and the number of changed files, and opens the branch's preview in a new tab", async ({ show }) => {
  show(bar());
  const section = await screen.findByRole("region", { name: "Branch" });
  expect(section).toHaveTextContent("Branch of Alder Street Bakery · 3 files changed");
  const link = screen.getByRole("link", { name: /^Open preview/ });
  expect(link).toHaveAttribute("href", "/p/alder-x1/preview");
  expect(link).toHaveAttribute("target", "_blank");
  await expectAccessible();
});

test("while a run works in it, it can neither be merged nor discarded; while it is copied, only discarded", async ({ show }) => {
  const first = show(bar({ is_running: true }));
  expect(await screen.findByRole("button", { name: "Merge…" })).toBeDisabled();
  expect(screen.getByRole("button", { name: "Discard branch…" })).toBeDisabled();
  first.unmount();
  show(bar({ is_ready: false }));
  expect(await screen.findByText("Copying the project's files to a branch…")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Merge…" })).not.toBeInTheDocument();
});

test("one that is deleted soon says when", async ({ show }) => {
  show(bar({ is_expiring: true }));
  expect(await screen.findByText(/^Deleted on .+ unless you use it\.$/)).toBeVisible();
});

test("a merge shows the changes and waits until a version of each conflict is chosen", async ({ api, show, user }) => {
  api.answer("branches.diff", sample(BranchDiff, { files: [file("src/a.ts"), file("src/b.ts")], total: 2, conflicts: [conflict] }));
  api.answer("branches.merge", { written: [{ path: "src/a.ts", op: "update" }], checkpoint_id: sampleId });
  show(bar());
  await user.click(await screen.findByRole("button", { name: "Merge…" }));
  const dialog = await screen.findByRole("dialog", { name: "Merge into Alder Street Bakery?" });
  expect(await within(dialog).findByText("The project changed 1 file too. Choose a version for each.")).toBeVisible();
  const merge = within(dialog).getByRole("button", { name: "Merge branch" });
  expect(merge).toBeDisabled();
  await user.click(within(dialog).getByRole("button", { name: /src\/b\.ts/ }));
  expect(within(dialog).getByRole("group", { name: "Changes in src/b.ts" })).toHaveTextContent("after");
  await expectAccessible();
  await user.click(
    within(within(dialog).getByRole("radiogroup", { name: "Version of src/b.ts" })).getByRole("radio", { name: "Use the branch's" }),
  );
  await user.click(merge);
  await waitFor(() => expect(api.asked("branches.merge")[0]?.body).toEqual({ resolutions: [{ path: "src/b.ts", use: "branch" }] }));
  expect(await screen.findByText("Branch merged. 1 file of Alder Street Bakery changed.")).toBeInTheDocument();
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
});

test("a conflict that came since shows up without closing the dialog", async ({ api, show, user }) => {
  api.answer("branches.diff", sample(BranchDiff, { files: [file("src/b.ts")], total: 1 }));
  api.answer(
    "branches.merge",
    refuse("merge_conflict", { detail: "The project changed src/b.ts too.", details: { conflicts: [conflict] } }),
  );
  show(bar());
  await user.click(await screen.findByRole("button", { name: "Merge…" }));
  const dialog = await screen.findByRole("dialog");
  await within(dialog).findByText("src/b.ts");
  api.answer("branches.diff", sample(BranchDiff, { files: [file("src/b.ts")], total: 1, conflicts: [conflict] }));
  await user.click(within(dialog).getByRole("button", { name: "Merge branch" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("The project changed src/b.ts too.");
  expect(await within(dialog).findByRole("radiogroup", { name: "Version of src/b.ts" })).toBeVisible();
});

test("discarding is confirmed and says what is lost", async ({ api, show, user }) => {
  api.answer("branches.discard", { branch_id: branch.id });
  show(bar());
  await user.click(await screen.findByRole("button", { name: "Discard branch…" }));
  const dialog = await screen.findByRole("alertdialog", { name: "Discard this branch?" });
  expect(dialog).toHaveTextContent("This deletes the files and databases of the branch.");
  await user.click(within(dialog).getByRole("button", { name: "Discard branch" }));
  await waitFor(() => expect(api.asked("branches.discard")[0]?.params).toEqual({ id: branch.project_id, branch_id: branch.id }));
  expect(await screen.findByText("Branch discarded.")).toBeInTheDocument();
});
