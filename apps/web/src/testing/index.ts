import { userEvent, type UserEvent } from "@testing-library/user-event";
import type { ReactNode } from "react";
import { toast as notices } from "sonner";
import { expect, test as base } from "vitest";
import { session } from "../api.ts";
import { loadToasts } from "../ui/toast.tsx";
import { createCannedApi, type CannedApi } from "./canned-api.ts";
import { mountApp, mountPart, type Mounted } from "./mount.tsx";

export { screen, waitFor, within } from "@testing-library/dom";
export { expect } from "vitest";
export { expectAccessible } from "./axe.ts";
export { refuse, type CannedApi } from "./canned-api.ts";
export { openPane } from "./pane.tsx";
export { sample, sampleId, sampleTime } from "./sample.ts";
export { person, signedIn } from "./signed-in.ts";
export { cannedSockets } from "./sockets.ts";

// As on a page that is open for some seconds.
await loadToasts();

interface Given {
  /** The server. A call that it has no answer for fails the test. */
  api: CannedApi;
  /** A person at mouse and keyboard. */
  user: UserEvent;
  /** The whole app at an address. */
  open: (path: string) => Mounted;
  /** One component. */
  show: (part: ReactNode) => Mounted;
}

const { requestAnimationFrame, setTimeout } = globalThis;
/** The next frame and what it is followed by: the composer reports a change after it was painted. */
const painted = () => new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(() => setTimeout(resolve))));

/** Types as a person does, except that plain text comes as one input: each key by itself is what a test costs most. */
function createUser(): UserEvent {
  const user = userEvent.setup({ delay: null, pointerEventsCheck: 0 });
  const type: UserEvent["type"] = async (element, text, options) => {
    if (!options?.skipClick) await user.click(element);
    for (const piece of text.split(/(\{[^}]+\})/).filter(Boolean)) await (piece.startsWith("{") ? user.keyboard(piece) : user.paste(piece));
    await painted();
  };
  return { ...user, type };
}

/** A test with a page of its own. Everything of it is gone when it ends. */
export const test = base.extend<Given & { page: Set<Mounted> }>({
  api: [
    // oxlint-disable-next-line no-empty-pattern -- a fixture names what it needs: nothing.
    async ({}, use) => {
      const { fetch } = globalThis;
      const api = createCannedApi();
      api.answer("auth.csrf", { csrf_token: "token" });
      globalThis.fetch = api.fetch;
      session.reset();
      await use(api);
      api.close();
      globalThis.fetch = fetch;
      expect(api.faults(), "what the server was asked").toEqual([]);
    },
    { auto: true },
  ],
  // oxlint-disable-next-line no-empty-pattern -- as above.
  user: async ({}, use) => use(createUser()),
  page: async ({ api }, use) => {
    const mounted = new Set<Mounted>();
    await use(mounted);
    // Notices outlive the page that shows them.
    notices.dismiss();
    for (const one of mounted) one.unmount();
    api.close();
    document.body.replaceChildren();
    document.body.removeAttribute("style");
    localStorage.clear();
    sessionStorage.clear();
  },
  open: async ({ page }, use) =>
    use((path) => {
      const mounted = mountApp(path);
      page.add(mounted);
      return mounted;
    }),
  show: async ({ page }, use) =>
    use((part) => {
      const mounted = mountPart(part);
      page.add(mounted);
      return mounted;
    }),
});
