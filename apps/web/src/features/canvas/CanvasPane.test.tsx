import { Container } from "@tesslate/contract";
import { expect, openPane, sample, sampleId, screen, test, waitFor } from "../../testing/index.ts";
import { CanvasPane } from "./CanvasPane.tsx";

test("a node announces its shortcuts; C connects it right after a click, with the focus in its details", async ({ api, show, user }) => {
  api.blankReads();
  api.answer("containers.list", { items: [sample(Container, { id: sampleId, name: "web", container_type: "base" })], total: 1 });
  show(openPane(CanvasPane).element);
  const node = await waitFor(() => {
    const found = document.querySelector<HTMLElement>(`.react-flow__node[data-id="${sampleId}"]`);
    if (!found) throw new Error("The node is not drawn yet.");
    return found;
  });
  expect(node).toHaveAccessibleDescription(/^Press Enter to open details, arrow keys to focus another node/);
  // Not by the pointer: what drags nodes needs more of a browser than there is.
  node.click();
  expect(await screen.findByRole("heading", { name: "web" })).toBeVisible();
  await user.keyboard("c");
  expect(await screen.findByRole("dialog", { name: "Connect web" })).toBeVisible();
});
