import { Deployment, Project, RunSummary } from "@tesslate/contract";
import { expect, openPane, sample, sampleId, screen, test, within } from "../../testing/index.ts";
import { VersionChangesView } from "./VersionChangesView.tsx";

const version = (number: number, created_at: string) => {
  const one = sample(Deployment, { version: number, status: "success", created_at });
  return { ...one, id: `v${number}`, metadata: { ...one.metadata, rollback_of: null } };
};
const [v2, v1] = [version(2, "2026-03-05T10:20:00Z"), version(1, "2026-03-05T10:10:00Z")];
const run = sample(RunSummary, {
  message: "add a cart",
  files: 4,
  additions: 16,
  deletions: 2,
  visibility: "shown",
  started_at: "2026-03-05T10:12:00Z",
  ended_at: "2026-03-05T10:13:00Z",
});
const project = sample(Project, { has_git_repo: false });
const open = (shown: Deployment, showReview: (id: string) => void = () => undefined) =>
  openPane(() => <VersionChangesView deployment={shown} />, { project, deploys: { list: [v2, v1], showReview } }).element;

test("a version lists the runs since the one before, and opens their review", async ({ api, show, user }) => {
  api.answer("changes.list", { items: [run] });
  const shown: string[] = [];
  show(open(v2, (id) => shown.push(id)));
  const section = await screen.findByRole("region", { name: "Changes since v1" });
  await user.click(within(section).getByRole("button", { name: /“add a cart”/ }));
  expect(shown).toEqual([sampleId]);
});

test("without runs and commits it says so; the first version asks for nothing", async ({ api, show }) => {
  const page = show(open(v1));
  page.unmount();
  api.answer("changes.list", { items: [] });
  show(open(v2));
  expect(await screen.findByText("No runs or commits since v1.")).toBeVisible();
});
