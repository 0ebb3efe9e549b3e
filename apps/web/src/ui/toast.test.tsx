import { expect, screen, test } from "../testing/index.ts";
import type * as Toasts from "./toast.tsx";

/** The module as a page has it that was just opened: tests load the code of toasts ahead. */
const fresh = "./toast.tsx?fresh";

test("a toast that comes before the code of toasts is shown when that is loaded", async ({ show }) => {
  const { toast, Toaster } = (await import(/* @vite-ignore */ fresh)) as typeof Toasts;
  toast("Snapshot deleted.");
  expect(screen.queryByText("Snapshot deleted.")).toBeNull();
  show(<Toaster />);
  expect((await screen.findAllByText("Snapshot deleted.")).length).toBeGreaterThan(0);
});
