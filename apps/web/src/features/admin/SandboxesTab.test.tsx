import { AdminSandbox, AdminSandboxesEvent } from "@tesslate/contract";
import { expect, refuse, sample, screen, signedIn, test } from "../../testing/index.ts";

const path = "/admin/sandboxes";
const shop = sample(AdminSandbox, { project_name: "Shop of Nadia" });
const event = (data: AdminSandbox[]) => sample(AdminSandboxesEvent, { data });

test("the list follows the stream; after a lost connection it stays visible", async ({ api, open }) => {
  signedIn(api, { is_superuser: true });
  api.answer("adminSetup.get", { is_complete: true, steps: [] });
  const stream = api.stream("adminSandboxes.events", [event([])]);
  open(path);
  await screen.findByRole("heading", { name: "No running projects" });
  stream.send(event([shop]));
  expect(await screen.findByRole("row", { name: /Shop of Nadia/ })).toBeVisible();
  stream.cut();
  expect(await screen.findByText(/This list may be out of date/)).toBeVisible();
  expect(screen.getByRole("row", { name: /Shop of Nadia/ })).toBeVisible();
});

test("a refused stream shows the error and can be retried", async ({ api, open, user }) => {
  signedIn(api, { is_superuser: true });
  api.answer("adminSetup.get", { is_complete: true, steps: [] });
  api.answer("adminSandboxes.events", refuse("not_found", { detail: "There is no sandbox here." }) as never);
  open(path);
  expect(await screen.findByRole("alert")).toHaveTextContent("There is no sandbox here.");
  api.stream("adminSandboxes.events", [event([shop])]);
  await user.click(screen.getByRole("button", { name: "Retry" }));
  expect(await screen.findByRole("row", { name: /Shop of Nadia/ })).toBeVisible();
});
