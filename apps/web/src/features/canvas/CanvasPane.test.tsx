import { Container } from "@tesslate/contract";
import { vi } from "vitest";
import { ServicesContext } from "../../project/services.ts";
import { cannedSockets, expect, openPane, sample, sampleId, screen, test, waitFor } from "../../testing/index.ts";
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

test("a running container has its memory and CPU on its node and in its details; one that is not measured says so", async ({
  api,
  show,
}) => {
  api.blankReads();
  const running = { container_type: "base", status: "running", deployment_mode: "container" } as const;
  const otherId = "0190a000-0000-7000-8000-00000000000b";
  const items = [sample(Container, { id: sampleId, name: "web", ...running }), sample(Container, { id: otherId, name: "api", ...running })];
  api.answer("containers.list", { items, total: 2 });
  const { services, sockets } = cannedSockets();
  const pane = openPane(CanvasPane, { containers: items });
  show(<ServicesContext value={services}>{pane.element}</ServicesContext>);
  await waitFor(() => expect(sockets).toHaveLength(1));
  const [socket] = sockets;
  socket?.open();
  const say = (second: number, memory_bytes: number, cpu_percent: number | null) =>
    socket?.say({
      type: "usage",
      data: {
        measured_at: `2025-03-14T14:04:0${second}Z`,
        containers: [{ container_id: sampleId, memory_bytes, cpu_percent, processes: 2 }],
        limits: { memory_bytes: 2e9, cpus: 2 },
      },
    });
  say(1, 62_000_000, null);
  const node = () => document.querySelector<HTMLElement>(`.react-flow__node[data-id="${sampleId}"]`);
  await waitFor(() => expect(node()).toHaveTextContent("62 MB"));
  say(3, 188_000_000, 104.2);
  await waitFor(() => expect(node()).toHaveTextContent("Memory 188 MB, CPU 104%"));
  node()?.click();
  await screen.findByRole("heading", { name: "web" });
  expect(screen.getByRole("slider", { name: "Memory, last 2 minutes" })).toHaveAttribute(
    "aria-valuetext",
    expect.stringContaining("188 MB"),
  );
  // What came before the first measurement is part of the two minutes.
  expect(screen.getByRole("slider", { name: "Memory, last 2 minutes" })).toHaveAttribute("aria-valuemax", "59");
  expect(screen.getByText("The project may use 2.0 GB and 200% of a core.")).toBeVisible();
  document.querySelector<HTMLElement>(`.react-flow__node[data-id="${otherId}"]`)?.click();
  await screen.findByRole("heading", { name: "api" });
  expect(screen.getByText("Not measured on this server.")).toBeVisible();
  // Nothing is followed while nobody sees it.
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  await waitFor(() => expect(socket?.isClosed).toBe(true));
  vi.restoreAllMocks();
});
