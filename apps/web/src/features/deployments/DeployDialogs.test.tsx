import { Deployment, DeploymentProviderInfo, LaunchReport } from "@tesslate/contract";
import { expect, openPane, sample, screen, test, waitFor } from "../../testing/index.ts";
import type { Deploys } from "./deploys-context.ts";
import { AnywayDialog, DeleteDeploymentDialog, PromoteDialog, RollbackDialog } from "./DeployDialogs.tsx";
import { DeployDrawer } from "./DeployDrawer.tsx";

const second = sample(Deployment, { version: 2, provider: "netlify", deployment_url: "https://shop.example.com", status: "success" });
const blocked = sample(Deployment, {
  version: 3,
  status: "failed",
  report: sample(LaunchReport, {
    is_blocked: true,
    rules: ["secrets", "build"].map((rule) => ({
      rule: rule as "secrets",
      status: "failed" as const,
      is_blocking: true,
      summary: `About ${rule}`,
    })),
  }),
});
const nothing = () => undefined;
const inDeploys = (part: () => React.ReactNode, deploys: Partial<Deploys> = {}) => openPane(part as never, { deploys }).element;

test("rolling back says what becomes live, and stays with the reason when it fails", async ({ show, user }) => {
  show(
    inDeploys(() => <RollbackDialog deployment={second} live={blocked} onClose={nothing} onBegun={nothing} />, {
      rollBack: () => Promise.reject(new Error("Its files were pruned.")),
    }),
  );
  const dialog = await screen.findByRole("alertdialog", { name: "Roll back to v2?" });
  expect(dialog).toHaveTextContent("instead of v3");
  await user.click(screen.getByRole("button", { name: "Roll back to v2" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Its files were pruned.");
});

test("a version later than the live one is made live, not rolled back to", async ({ show }) => {
  show(inDeploys(() => <RollbackDialog deployment={blocked} live={second} onClose={nothing} onBegun={nothing} />));
  expect(await screen.findByRole("alertdialog", { name: "Make v3 live?" })).toHaveTextContent("will serve v3");
  expect(screen.getByRole("button", { name: "Make v3 live" })).toBeVisible();
});

test("deleting the live version keeps the site online unless the person asks to delete it", async ({ api, show, user }) => {
  api.answer("deploymentCredentials.list", { providers: [sample(DeploymentProviderInfo, { name: "netlify", removes_whole_site: false })] });
  const asked: (boolean | undefined)[] = [];
  show(
    inDeploys(() => <DeleteDeploymentDialog deployment={{ ...second, is_live: true }} onClose={nothing} onGone={nothing} />, {
      remove: async (_, atProvider) => void asked.push(atProvider),
    }),
  );
  expect(await screen.findByRole("switch", { name: /Also delete from Netlify/ })).not.toBeChecked();
  await user.click(screen.getByRole("button", { name: "Delete v2" }));
  await waitFor(() => expect(asked).toEqual([false]));
});

test("a blocked deployment deploys only when every issue is accepted", async ({ show, user }) => {
  const ignored: unknown[] = [];
  show(
    inDeploys(() => <AnywayDialog deployment={blocked} onClose={nothing} onBegun={nothing} />, {
      start: async (request) => {
        ignored.push(request.ignore_rules);
        throw new Error("The project is busy.");
      },
    }),
  );
  const [first, other] = await screen.findAllByRole("checkbox");
  const go = screen.getByRole("button", { name: "Deploy anyway" });
  await user.click(first as HTMLElement);
  expect(go).toBeDisabled();
  await user.click(other as HTMLElement);
  await user.click(go);
  expect(await screen.findByRole("alert")).toHaveTextContent("The project is busy.");
  expect(ignored).toEqual([["secrets", "build"]]);
  expect(other).toBeChecked();
});

test("a preview is promoted with the accepted issues", async ({ show, user }) => {
  const agreed: unknown[] = [];
  show(
    inDeploys(() => <PromoteDialog deployment={blocked} live={second} onClose={nothing} onBegun={nothing} />, {
      promote: async (deployment, rules) => {
        agreed.push(rules);
        return deployment;
      },
    }),
  );
  expect(await screen.findByRole("alertdialog")).toHaveTextContent("instead of v2");
  await user.click(screen.getAllByRole("checkbox")[0] as HTMLElement);
  await user.click(screen.getByRole("button", { name: "Promote v3" }));
  await waitFor(() => expect(agreed).toEqual([["secrets"]]));
});

test("the drawer reports that the deployment was deleted", async ({ show }) => {
  show(inDeploys(() => <DeployDrawer subject={{ kind: "deployment", id: second.id }} containers={[]} onSubject={nothing} />));
  expect(await screen.findByText("It was deleted.")).toBeVisible();
});

test("a project without an app has nothing to deploy", async ({ api, show }) => {
  api.blank("deploymentCredentials.list", "deployments.plan");
  show(inDeploys(() => <DeployDrawer subject={{ kind: "form" }} containers={[]} onSubject={nothing} />));
  expect(await screen.findByText(/This project has no app to deploy/)).toBeVisible();
});
