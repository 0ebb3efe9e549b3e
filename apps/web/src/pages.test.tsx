import { expect, openPane, refuse, screen, signedIn, test, waitFor, within } from "./testing/index.ts";
import { ActivityPane } from "./features/activity/ActivityPane.tsx";
import { AssetsPane } from "./features/assets/AssetsPane.tsx";
import { DeploysPane } from "./features/deployments/DeploysPane.tsx";
import { NotesPane } from "./features/notes/NotesPane.tsx";
import type { CannedApi } from "./testing/index.ts";

type RouteName = Parameters<CannedApi["drop"]>[0];
const broken = refuse("internal_error", { detail: `The image sha256:${"9f86d081".repeat(8)} could not be read.` });

/** Each page, and the call whose failure it survives: it says so, with a way to try again, and recovers. */
const pages: readonly [path: string, fails: RouteName][] = [
  ["/", "projects.list"],
  ["/projects", "projects.list"],
  ["/new", "projects.templates"],
  ["/settings/preferences", "models.list"],
  ["/settings/security", "auth.sessions"],
  ["/settings/models", "modelKeys.list"],
  ["/settings/git", "gitProviders.list"],
  ["/settings/connectors", "mcp.list"],
  ["/settings/api-keys", "auth.apiKeys"],
  ["/settings/deployment", "deploymentCredentials.list"],
  ["/settings/data", "account.exported"],
  ["/settings/look", "themes.list"],
  ["/settings/referrals", "referrals.code"],
  ["/settings/creator", "creatorStudio.dashboard"],
  ["/settings/billing", "billing.credits"],
  ["/feedback", "feedback.list"],
  ["/library", "library.agents"],
  ["/marketplace", "marketplaceItems.list"],
  ["/@wiktor", "creators.get"],
  ["/admin/store", "adminCollections.collections"],
  ["/admin/overview", "adminMetrics.overview"],
  ["/admin/users", "adminUsers.list"],
  ["/admin/projects", "adminProjects.list"],
  ["/admin/runs", "adminRuns.list"],
  ["/admin/deployments", "adminDeployments.list"],
  ["/admin/setup", "adminSetup.get"],
  ["/admin/system", "adminHealth.get"],
  ["/admin/audit", "adminAudit.list"],
  ["/admin/outbox", "outbox.list"],
];
test.for(pages)("%s fails aloud when %s does, and recovers", async ([path, fails], { api, open, user }) => {
  signedIn(api, { is_superuser: true });
  api.blankReads();
  api.answer(fails, broken);
  open(path);
  const retry = async () => (await screen.findAllByRole("button", { name: "Retry" }))[0] as HTMLElement;
  const alert = (await retry()).closest<HTMLElement>("[role=alert]") as HTMLElement;
  expect(alert).toHaveTextContent("could not be read");
  api.blank(fails);
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  await waitFor(() => expect(alert).not.toBeInTheDocument());
});

const panes = [
  ["activity", ActivityPane, "activity.list"],
  ["notes", NotesPane, "notes.get"],
  ["assets", AssetsPane, "assets.list"],
] as const;
test("parameters that a page does not know, or whose values it does not know, disappear from the URL and from what is requested", async ({
  api,
  open,
}) => {
  signedIn(api);
  api.blankReads();
  const app = open("/feedback?type=poem&sort=date&page=-1&utm_source=mail");
  await screen.findByRole("heading", { name: "Feedback" });
  await waitFor(() => expect(app.path()).toBe("/feedback?sort=date"));
  expect(api.asked("feedback.list").map(({ query }) => [query.get("sort"), query.has("type"), query.has("utm_source")])).toEqual([
    ["date", false, false],
  ]);
});

test("an address without a page leads home", async ({ api, open, user }) => {
  signedIn(api);
  api.blankReads();
  const app = open("/no/such/place");
  await screen.findByRole("heading", { name: "Page not found" });
  await user.click(screen.getByRole("link", { name: "Home" }));
  await waitFor(() => expect(app.path()).toBe("/"));
});

test.for(panes)("the view of %s fails aloud, and recovers", async ([, Pane, fails], { api, show, user }) => {
  signedIn(api);
  api.blankReads();
  api.answer(fails, broken);
  show(openPane(Pane).element);
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("could not be read");
  api.blank(fails);
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  await waitFor(() => expect(alert).not.toBeInTheDocument());
});

test("deployments that cannot be read are asked for again", async ({ api, show, user }) => {
  signedIn(api);
  api.blankReads();
  let tries = 0;
  show(openPane(DeploysPane, { deploys: { list: undefined, error: new Error("The table is locked."), retry: () => tries++ } }).element);
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The table is locked.");
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  expect(tries).toBe(1);
});
