import { vi } from "vitest";
import { expect, screen, signedIn, test, waitFor } from "../testing/index.ts";
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
  await user.keyboard("?");
  expect(await screen.findByRole("rowheader", { name: "Go to Home" })).toBeVisible();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
});
