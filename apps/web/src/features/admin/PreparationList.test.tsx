import { AdminPreparationItem, PreparationEvent, PreparationItem } from "@tesslate/contract";
import { expect, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const react = sample(AdminPreparationItem, {
  id: "template-react",
  kind: "template",
  name: "React",
  state: "ready",
  bytes: 86_000_000,
  prepared_at: "2026-01-02T03:04:05.000Z",
  is_removable: true,
});
const broken = sample(AdminPreparationItem, {
  id: "template-vue",
  kind: "template",
  name: "Vue",
  state: "failed",
  is_removable: true,
  error: "vue: npm ci ended with exit code 1",
  log: ["npm error network is unreachable"],
  next_attempt_at: "2026-01-02T03:04:05.000Z",
});
const browser = sample(AdminPreparationItem, {
  id: "browser",
  kind: "browser",
  name: "Chromium",
  state: "ready",
  is_removable: false,
  note: "/usr/bin/chromium",
});
function admin(api: CannedApi, items: AdminPreparationItem[]) {
  signedIn(api, { is_superuser: true });
  api.answer("adminSetup.get", { is_complete: true, steps: [] });
  api.blankReads();
  api.answer("preparation.list", { items: items.map(({ id, kind, name, state }) => ({ id, kind, name, state })) });
  api.answer("adminPreparation.list", { items });
  return api.stream("preparation.events");
}
const list = async () => within(await screen.findByRole("region", { name: "Templates and browser" }));

test("size and age of what is ready, the reason of what failed, and no choice for the machine's own browser", async ({
  api,
  open,
  user,
}) => {
  admin(api, [react, broken, browser]);
  open("/admin/system");
  const region = await list();
  expect(await region.findByText("86 MB")).toBeVisible();
  expect(region.getByText(/vue: npm ci ended with exit code 1 The next attempt is at /)).toBeVisible();
  await user.click(region.getByText("Last lines of output"));
  expect(region.getByText("npm error network is unreachable")).toBeVisible();
  expect(region.getByText("/usr/bin/chromium")).toBeVisible();
  expect(region.queryByRole("button", { name: /Chromium/ })).not.toBeInTheDocument();
  api.answer("adminPreparation.prepare", { ...broken, state: "waiting" });
  await user.click(region.getByRole("button", { name: "Prepare: Vue" }));
  await waitFor(() => expect(api.asked("adminPreparation.prepare")[0]?.params).toEqual({ id: "template-vue" }));
});

test("a part is removed after a question, and the list follows events", async ({ api, open, user }) => {
  const stream = admin(api, [react, { ...broken, state: "preparing", error: null, log: [], next_attempt_at: null }]);
  open("/admin/system");
  const region = await list();
  const tasks = within(await screen.findByRole("region", { name: "Tasks" }));
  expect(await tasks.findByText("Preparing templates: Vue, 2 of 2")).toBeVisible();
  await user.click(await region.findByRole("button", { name: "Remove: React" }));
  api.answer("adminPreparation.remove", { ...react, state: "off" });
  const dialog = within(await screen.findByRole("alertdialog", { name: "Remove React?" }));
  await user.click(dialog.getByRole("button", { name: "Remove" }));
  await waitFor(() => expect(api.asked("adminPreparation.remove")[0]?.params).toEqual({ id: "template-react" }));
  await waitFor(() => expect(screen.queryByRole("alertdialog")).not.toBeInTheDocument());
  api.answer("adminPreparation.list", {
    items: [
      { ...react, state: "off", bytes: null, prepared_at: null },
      { ...broken, state: "ready", error: null },
    ],
  });
  const ready = sample(PreparationItem, { id: "template-vue", kind: "template", name: "Vue", state: "ready" });
  await waitFor(() => expect(stream.openings()).toBeGreaterThan(0));
  stream.send(sample(PreparationEvent, { data: [ready] }));
  expect(await region.findByRole("button", { name: "Prepare again: Vue" })).toBeVisible();
  expect(stream.openings(), "the lists of the page share one stream").toBe(1);
  expect(tasks.queryByText(/Preparing templates/)).not.toBeInTheDocument();
});
