import { expect, screen, signedIn, test, waitFor } from "../testing/index.ts";

test("the shortcuts have their frame at once, then their keys, and close by Esc", async ({ api, open, user }) => {
  signedIn(api);
  api.blankReads();
  open("/feedback");
  await screen.findByRole("main");
  const frames: string[] = [];
  const observer = new MutationObserver(() => {
    const dialog = document.querySelector("[role='dialog']");
    if (dialog) frames.push(dialog.getAttribute("aria-busy") ?? "ready");
  });
  observer.observe(document.body, { childList: true, subtree: true });
  await user.keyboard("?");
  expect(await screen.findByRole("rowheader", { name: "Go to Home" })).toBeVisible();
  observer.disconnect();
  expect(frames[0]).toBe("true");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
});
