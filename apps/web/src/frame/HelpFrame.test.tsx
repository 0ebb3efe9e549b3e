import { vi } from "vitest";
import { expect, screen, signedIn, test, waitFor, within } from "../testing/index.ts";
import { HelpFrame } from "./HelpFrame.tsx";

test("the shortcuts are there before their sheet has loaded; Esc closes them", async ({ show, user }) => {
  const onClose = vi.fn();
  show(<HelpFrame onClose={onClose} />);
  expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toHaveTextContent("Go to Projects");
  await user.keyboard("{Escape}");
  expect(onClose).toHaveBeenCalledOnce();
});

test("the shortcuts open by their key and close by Esc", async ({ api, open, user }) => {
  signedIn(api);
  api.blankReads();
  open("/feedback");
  await screen.findByRole("main");
  dispatchEvent(new KeyboardEvent("keydown", { key: "/", code: "Slash", ctrlKey: true }));
  expect(await screen.findByRole("rowheader", { name: "Go to Home" })).toBeVisible();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
});

test("? opens the help about the page, which follows its links and the page, and closes by ? or Esc", async ({ api, open, user }) => {
  signedIn(api);
  api.blankReads();
  open("/settings/api-keys");
  await screen.findByRole("main");
  await user.keyboard("?");
  const panel = await screen.findByRole("complementary", { name: "Help" });
  expect(await within(panel).findByRole("heading", { name: "Automation" })).toBeVisible();
  await waitFor(() => expect(panel).toHaveFocus());
  await user.click(within(panel).getAllByRole("link", { name: "API guide" })[0] as HTMLElement);
  expect(await within(panel).findByRole("heading", { name: "Using the API" })).toBeVisible();
  await user.click(within(panel).getByRole("button", { name: "Back" }));
  expect(await within(panel).findByRole("heading", { name: "Automation" })).toBeVisible();
  await user.click(screen.getByRole("link", { name: "Models and keys" }));
  expect(await within(panel).findByRole("heading", { name: "Models and keys" })).toBeVisible();
  await user.keyboard("?");
  await waitFor(() => expect(panel).not.toBeInTheDocument());
  await user.keyboard("?");
  await screen.findByRole("complementary", { name: "Help" });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("complementary", { name: "Help" })).not.toBeInTheDocument());
});
