import { McpServer } from "@tesslate/contract";
import { expect, refuse, sample, screen, test, waitFor } from "../../testing/index.ts";
import { ConnectorDialog } from "./ConnectorDialog.tsx";

test("a remote server is added with its headers", async ({ api, show, user }) => {
  const saved: string[] = [];
  show(<ConnectorDialog place={undefined} onClose={() => undefined} onSaved={({ name }) => saved.push(name)} />);
  await user.click(await screen.findByRole("button", { name: "Add connector" }));
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Enter a name.");
  expect(screen.getByLabelText("URL")).toHaveAccessibleDescription("Must start with https:// or http://.");
  await user.type(screen.getByLabelText("Name"), "Issues");
  await user.type(screen.getByLabelText("URL"), "https://example.com/mcp");
  await user.click(screen.getByRole("button", { name: "Add header" }));
  await user.type(screen.getByLabelText("Header name"), "Authorization");
  await user.type(screen.getByLabelText("Value of Authorization"), "Bearer 1");
  api.answer("mcp.create", refuse("outbound_refused", { detail: "This address is not allowed." }));
  await user.click(screen.getByRole("button", { name: "Add connector" }));
  await waitFor(() => expect(screen.getByLabelText("URL")).toHaveAccessibleDescription(/^This address is not allowed\./));
  api.answer("mcp.create", sample(McpServer, { name: "Issues" }));
  await user.click(screen.getByRole("button", { name: "Add connector" }));
  await waitFor(() => expect(saved).toEqual(["Issues"]));
  expect(api.asked("mcp.create")[1]?.body).toEqual({
    name: "Issues",
    transport: "http",
    url: "https://example.com/mcp",
    oauth_client: null,
    headers: { Authorization: "Bearer 1" },
    project_id: null,
  });
});

test("what was typed is not lost to Esc", async ({ show, user }) => {
  let closed = 0;
  show(<ConnectorDialog place={undefined} onClose={() => (closed += 1)} onSaved={() => undefined} />);
  await user.type(await screen.findByLabelText("Name"), "Issues");
  await user.keyboard("{Escape}");
  expect(closed).toBe(0);
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  expect(closed).toBe(1);
});
