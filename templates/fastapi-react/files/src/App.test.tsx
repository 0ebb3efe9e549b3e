import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import App from "@/App";
import { Providers } from "@/components/providers";

interface StoredTask {
  id: number;
  title: string;
  is_done: boolean;
  created_at: string;
}
let stored: StoredTask[] = [];
/** What the API does with tasks. */
function respond(url: string, init?: RequestInit): Response {
  if (url === "/api/tasks" && init?.method !== "POST") return Response.json(stored);
  if (url === "/api/tasks") {
    const { title } = JSON.parse(String(init?.body)) as { title: string };
    const task = { id: stored.length + 1, title, is_done: false, created_at: "2026-01-01T00:00:00Z" };
    stored = [task, ...stored];
    return Response.json(task, { status: 201 });
  }
  return Response.json({ detail: "Not Found" }, { status: 404 });
}
beforeEach(() => {
  stored = [];
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => Promise.resolve(respond(url, init)));
});
afterEach(() => vi.unstubAllGlobals());

function open(path: string) {
  window.history.pushState(null, "", path);
  render(
    <Providers>
      <App />
    </Providers>,
  );
}

test("a new task is added to the list", async () => {
  open("/");
  await screen.findByText("No tasks yet. Add the first one above.");
  await userEvent.type(screen.getByLabelText("New task"), "Buy flour");
  await userEvent.click(screen.getByRole("button", { name: "Add task" }));
  expect(await screen.findByRole("checkbox", { name: "Buy flour" })).not.toBeChecked();
  expect(screen.getByLabelText("New task")).toHaveValue("");
});

test("an unknown address leads back to the first page", async () => {
  open("/no-such-page");
  expect(screen.getByRole("heading", { name: "Page not found" })).toBeInTheDocument();
  await userEvent.click(screen.getByRole("link", { name: "Go to the first page" }));
  expect(window.location.pathname).toBe("/");
});
