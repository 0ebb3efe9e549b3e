import { useState } from "react";
import { ApiError } from "@tesslate/client/core";
import { Container, Deployment, DeploymentPlan, type DeploymentRequest, type SiteNameCheck } from "@tesslate/contract";
import { expect, expectAccessible, openPane, refuse, sample, screen, test, waitFor, type CannedApi } from "../../testing/index.ts";
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
  const taken = ["bakery"];
  api.answer("domains.checkName", ({ query }): SiteNameCheck => {
    const name = query.get("name") ?? "";
    const free = { name, problem: null, detail: null, suggestion: null };
    if (taken.includes(name))
      return { ...free, problem: "taken", detail: "This name is taken. Choose another one.", suggestion: `${name}-2` };
    return name.includes(" ") ? { ...free, problem: "invalid", detail: "Use letters.", suggestion: name.replace(" ", "-") } : free;
  });
  const sent: DeploymentRequest[] = [];
  const start = (request: DeploymentRequest) => {
    sent.push(request);
    return request.site_name === "raced"
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

test("the name of a new app is checked while it is typed, and a free one is offered", async ({ api, show, user }) => {
  const { element, sent } = open(api, plan);
  show(element);
  const name = await screen.findByLabelText("Name");
  expect(name).toHaveAccessibleDescription("live--shop.preview.localhost:4000");
  const deploy = screen.getByRole("button", { name: "Deploy to this server" });
  await user.type(name, "Bread class");
  expect(name).toHaveAccessibleDescription(/Use letters, digits and single hyphens\./);
  expect(deploy).toBeDisabled();
  await user.click(await screen.findByRole("button", { name: "Use “bread-class”" }));
  expect(name).toHaveValue("bread-class");
  expect(await screen.findByText("This name is available.")).toBeVisible();
  expect(deploy).toBeEnabled();
  await user.clear(name);
  await user.type(name, "bakery");
  await waitFor(() => expect(name).toHaveAccessibleDescription(/This name is taken\. Choose another one\./));
  expect(name).toBeInvalid();
  expect(deploy).toBeDisabled();
  expect(api.asked("domains.checkName").map(({ query }) => query.get("name"))).not.toContain("bak");
  expect(screen.getByText("bakery-2").closest("[aria-live]")).toHaveTextContent("bakery-2 is available.");
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Use “bakery-2”" }));
  expect(name).toHaveValue("bakery-2");
  await user.click(deploy);
  await waitFor(() => expect(sent.map(({ site_name }) => site_name)).toEqual(["bakery-2"]));
});

test("a name that was taken after the check is told at its field", async ({ api, show, user }) => {
  const { element, sent } = open(api, plan);
  show(element);
  const name = await screen.findByLabelText("Name");
  await user.type(name, "raced");
  await user.click(screen.getByRole("button", { name: "Deploy to this server" }));
  await waitFor(() => expect(name).toHaveAccessibleDescription(/This name is taken\. Choose another one\./));
  await user.type(name, "-two");
  await user.click(screen.getByRole("button", { name: "Deploy to this server" }));
  await waitFor(() => expect(sent.map(({ site_name }) => site_name)).toEqual(["raced", "raced-two"]));
});

test("a check that fails does not keep anyone from deploying", async ({ api, show, user }) => {
  const { element, sent } = open(api, plan);
  api.answer("domains.checkName", refuse("internal_error"));
  show(element);
  await user.type(await screen.findByLabelText("Name"), "bread");
  await waitFor(() => expect(api.asked("domains.checkName")).toHaveLength(1));
  await user.click(screen.getByRole("button", { name: "Deploy to this server" }));
  await waitFor(() => expect(sent.map(({ site_name }) => site_name)).toEqual(["bread"]));
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
