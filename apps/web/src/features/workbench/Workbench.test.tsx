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
