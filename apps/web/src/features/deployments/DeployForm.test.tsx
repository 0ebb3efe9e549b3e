import { useState } from "react";
import { ApiError } from "@tesslate/client/core";
import { Container, Deployment, DeploymentPlan, type DeploymentRequest } from "@tesslate/contract";
import { expect, openPane, sample, screen, test, waitFor, type CannedApi } from "../../testing/index.ts";
import { DeployForm } from "./DeployForm.tsx";
import { DeploysContext, useDeploys } from "./deploys-context.ts";
import { emptyDraft } from "./draft.ts";

const app = sample(Container, { name: "Web", container_type: "base" });
const plan = sample(DeploymentPlan, {
  container_id: app.id,
  provider: "local",
  is_connected: true,
  live: null,
  services: [],
  warnings: [],
  site_name: "shop",
  site_url_pattern: "http://live--{name}.preview.localhost:4000",
  has_site: false,
});

/** The form with input that is kept; the first start fails because the name is taken. */
function open(api: CannedApi, shown: DeploymentPlan) {
  api.answer("deploymentCredentials.list", { providers: [] });
  api.answer("deployments.plan", shown);
  api.answer("deployments.launchSettings", { blocking: [], weight_budget: 2_000_000 });
  const sent: DeploymentRequest[] = [];
  const start = (request: DeploymentRequest) => {
    sent.push(request);
    return request.site_name === "bakery"
      ? Promise.reject(new ApiError(409, { detail: "This name is taken. Choose another one.", code: "site_name_taken" }))
      : Promise.resolve(sample(Deployment));
  };
  const Form = () => {
    const deploys = useDeploys();
    const [draft, setDraft] = useState({ ...emptyDraft, siteName: shown.has_site ? "before" : "" });
    return (
      <DeploysContext value={{ ...deploys, draft, setDraft }}>
        <DeployForm containers={[app]} onStarted={() => undefined} />
      </DeploysContext>
    );
  };
  return { element: openPane(Form, { deploys: { start } }).element, sent };
}

test("a new app on this server is named in the form; a wrong or taken name is told at its field", async ({ api, show, user }) => {
  const { element, sent } = open(api, plan);
  show(element);
  const name = await screen.findByLabelText("Name");
  expect(name).toHaveAccessibleDescription("live--shop.preview.localhost:4000");
  const deploy = screen.getByRole("button", { name: "Deploy to this server" });
  await user.type(name, "Bread class");
  expect(name).toHaveAccessibleDescription(/Use letters, digits and single hyphens\./);
  expect(deploy).toBeDisabled();
  await user.clear(name);
  await user.type(name, "bakery");
  expect(name).toHaveAccessibleDescription("live--bakery.preview.localhost:4000");
  await user.click(deploy);
  await waitFor(() => expect(name).toHaveAccessibleDescription(/This name is taken\. Choose another one\./));
  await user.type(name, "-two");
  await user.click(deploy);
  await waitFor(() => expect(sent.map(({ site_name }) => site_name)).toEqual(["bakery", "bakery-two"]));
});

test("an app that has an address shows it, and is not named again", async ({ api, show, user }) => {
  const { element, sent } = open(api, { ...plan, has_site: true });
  show(element);
  expect(await screen.findByText("live--shop.preview.localhost:4000")).toBeVisible();
  expect(screen.queryByLabelText("Name")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Deploy to this server" }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).not.toHaveProperty("site_name");
});
