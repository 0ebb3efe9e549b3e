import { Container, Project } from "@tesslate/contract";
import { expect, sample, sampleId, screen, signedIn, test, waitFor, type CannedApi } from "../../testing/index.ts";

function project(api: CannedApi): ReturnType<typeof api.stream<"projects.events">> {
  signedIn(api);
  api.blankReads();
  api.answer("projects.get", sample(Project, { name: "Alder Street Bakery", slug: "alder", environment_status: "active" }));
  api.answer("containers.list", {
    items: [sample(Container, { id: sampleId, name: "web", container_type: "base", status: "stopped" })],
    total: 1,
  });
  api.blank("projects.activity");
  return api.stream("projects.events");
}

test("a project opens with the chat and the preview; views are tabs with a URL, and the bottom panel is below them", async ({
  api,
  open,
  user,
}) => {
  const events = project(api);
  const app = open("/p/alder");
  expect(await screen.findByRole("region", { name: "Chat" })).toBeVisible();
  expect(await screen.findByRole("link", { name: "Preview" })).toHaveAttribute("aria-current", "page");
  expect(await screen.findByRole("button", { name: /^web\s*Stopped/ })).toBeVisible();
  // What the stream says about a container is shown at once.
  events.send({
    seq: 1,
    ts: "2026-03-05T10:00:00Z",
    type: "container_status",
    data: { container_id: sampleId, name: "web", status: "starting", url: null },
  });
  expect(await screen.findByRole("button", { name: /^web\s*Starting/ })).toBeVisible();
  await user.click(screen.getByRole("link", { name: "Board" }));
  await waitFor(() => expect(app.path()).toBe("/p/alder/board"));
  await waitFor(() => expect(screen.getByRole("link", { name: "Board" })).toHaveAttribute("aria-current", "page"));
  await user.click(screen.getByRole("link", { name: "Code" }));
  expect(await screen.findByRole("heading", { name: "No file open" })).toBeVisible();
  await user.keyboard("{Control>}j{/Control}");
  expect(await screen.findByRole("tab", { name: /Problems/ })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Close bottom panel" }));
  expect(screen.queryByRole("tab", { name: /Problems/ })).not.toBeInTheDocument();
});

test("code opens beside the preview with a button and a shortcut, resizes with the keyboard, and the project remembers it", async ({
  api,
  open,
  user,
}) => {
  project(api);
  const app = open("/p/alder/board");
  const toggle = await screen.findByRole("button", { name: "Code next to preview" });
  await user.click(toggle);
  await waitFor(() => expect(app.path()).toBe("/p/alder/preview"));
  expect(await screen.findByRole("region", { name: "Code" })).toBeVisible();
  expect(screen.getByRole("region", { name: "Preview" })).toBeVisible();
  expect(toggle).toHaveAttribute("aria-pressed", "true");
  // Both are one address; the other tab looks active as well.
  expect(screen.getByRole("link", { name: "Preview" })).toHaveAttribute("aria-current", "page");
  expect(screen.getByRole("link", { name: "Code" })).toHaveAttribute("data-state", "active");
  const edge = screen.getByRole("separator", { name: "Preview width" });
  await waitFor(() => expect(edge).toHaveAttribute("aria-valuenow", "640"));
  edge.focus();
  await user.keyboard("{ArrowRight}");
  expect(edge).toHaveAttribute("aria-valuenow", "656");
  app.unmount();
  open("/p/alder/code");
  await screen.findByRole("separator", { name: "Preview width" });
  await waitFor(() => expect(screen.getByRole("separator", { name: "Preview width" })).toHaveAttribute("aria-valuenow", "656"));
  // user-event's keyboard has no such key.
  dispatchEvent(new KeyboardEvent("keydown", { key: "\\", code: "Backslash", ctrlKey: true }));
  await waitFor(() => expect(screen.queryByRole("separator", { name: "Preview width" })).not.toBeInTheDocument());
});

test("a view that needs room has a chat of its own width, and the terminal has a button", async ({ api, open, user }) => {
  project(api);
  open("/p/alder/timeline");
  // The timeline starts with the collapsed chat.
  expect(await screen.findByRole("button", { name: "Terminal" })).toHaveAttribute("aria-pressed", "false");
  const main = screen.getByRole("main");
  expect(main).toHaveAttribute("data-folded");
  expect(main).toHaveAttribute("data-phone-view", "timeline");
  await user.click(screen.getByRole("button", { name: "Expand chat" }));
  expect(main).not.toHaveAttribute("data-folded");
  expect(screen.getByRole("separator", { name: "Chat width" })).toHaveAttribute("aria-valuenow", "320");
  await user.click(screen.getByRole("link", { name: "Preview" }));
  await waitFor(() => expect(screen.getByRole("separator", { name: "Chat width" })).toHaveAttribute("aria-valuenow", "432"));
  await user.click(screen.getByRole("link", { name: "Timeline" }));
  await waitFor(() => expect(screen.getByRole("separator", { name: "Chat width" })).toHaveAttribute("aria-valuenow", "320"));
  await user.click(screen.getByRole("button", { name: "Terminal" }));
  expect(await screen.findByRole("tab", { name: "Terminal" })).toBeVisible();
  expect(screen.getByRole("button", { name: "Terminal" })).toHaveAttribute("aria-pressed", "true");
  await user.click(screen.getByRole("button", { name: "Terminal" }));
  await waitFor(() => expect(screen.queryByRole("tab", { name: "Terminal" })).not.toBeInTheDocument());
});
