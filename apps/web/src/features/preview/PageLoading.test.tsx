import { Container, Project, type ProjectEvent } from "@tesslate/contract";
import { onTestFinished, vi } from "vitest";
import { expect, openPane, sample, sampleId, sampleTime, screen, test, waitFor, type CannedApi } from "../../testing/index.ts";
import { PreviewPane } from "./PreviewPane.tsx";
import { PreviewProvider } from "./PreviewProvider.tsx";
import { longestLoadMs } from "./use-page-load.ts";

const Pane = () => (
  <PreviewProvider onAskAboutElement={() => undefined}>
    <PreviewPane />
  </PreviewProvider>
);
function open(api: CannedApi) {
  api.answer("previews.ticket", { url: "http://web.test/?ticket=1" });
  return openPane(Pane, {
    project: sample(Project, { environment_status: "active" }),
    containers: [
      sample(Container, { id: sampleId, name: "web", container_type: "base", directory: ".", url: "http://web.test", status: "running" }),
    ],
  });
}
const frame = async () => {
  await waitFor(() => expect(screen.getByTestId("preview-frame")).toHaveAttribute("src", expect.stringContaining("ticket=1")));
  return screen.getByTestId<HTMLIFrameElement>("preview-frame");
};
/** A message of the page's bridge. */
const report = async (type: "ready" | "location" | "painted", more: Record<string, unknown> = {}) => {
  const { contentWindow, src } = await frame();
  const nonce = /studio-nonce=([\w-]+)/.exec(src)?.[1];
  globalThis.dispatchEvent(
    new MessageEvent("message", {
      source: contentWindow,
      origin: "http://web.test",
      data: { source: "tesslate-bridge", nonce, type, document: "d1", path: "/", title: "App", page: "app", ...more },
    }),
  );
};
const loading = () => screen.queryByText("Loading the app…");
const isUncovered = () => waitFor(() => expect(loading()).not.toBeInTheDocument());
/** Passes time on the clock of the page. */
function ownClock() {
  vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms: number) => vi.advanceTimersByTimeAsync(ms);
}

test("the frame is covered until the page paints; a longer wait is explained", async ({ api, show }) => {
  const pass = ownClock();
  show(open(api).element);
  await frame();
  expect(loading()).toBeInTheDocument();
  await pass(5_000);
  expect(await screen.findByText("Waiting for web to send the page.")).toBeInTheDocument();
  await report("location");
  expect(await screen.findByText(/loading its scripts/)).toBeInTheDocument();
  await report("painted");
  await isUncovered();
  expect(screen.getByTestId("preview-frame")).toBeVisible();
});

test("a page of the server is shown as it comes", async ({ api, show }) => {
  show(open(api).element);
  await report("ready", { page: "starting" });
  await isUncovered();
});

test("a document without a bridge is shown soon after it was loaded", async ({ api, show }) => {
  const pass = ownClock();
  show(open(api).element);
  (await frame()).dispatchEvent(new Event("load"));
  expect(loading()).toBeInTheDocument();
  await pass(2_000);
  await isUncovered();
});

test("files that change while the page is loading load it again, as its scripts do not learn of them", async ({ api, show }) => {
  const pane = open(api);
  show(pane.element);
  const { contentWindow } = await frame();
  const posted = vi.spyOn(contentWindow as Window, "postMessage");
  const reloads = () => posted.mock.calls.filter(([message]) => (message as { type?: string }).type === "reload").length;
  let seq = 0;
  const changed = (by: string) => {
    seq += 1;
    pane.emit({ seq, ts: sampleTime, type: "file_changed", data: { path: "src/App.tsx", op: "update", by } } as ProjectEvent);
  };
  await report("location");
  changed("agent");
  await report("painted");
  await waitFor(() => expect(reloads()).toBe(1));
  await report("location", { document: "d2" });
  await report("painted", { document: "d2" });
  changed("agent");
  // What the app itself writes while it loads is no reason.
  await report("location", { document: "d3" });
  changed("process");
  await report("painted", { document: "d3" });
  await report("location", { document: "d4" });
  changed("user");
  await report("painted", { document: "d4" });
  await waitFor(() => expect(reloads()).toBe(2));
});

test("a page that never shows anything is reported, with its logs one click away, and shown once it does", async ({ api, show }) => {
  const pass = ownClock();
  show(open(api).element);
  await report("location");
  await pass(longestLoadMs);
  expect(await screen.findByRole("alert")).toHaveTextContent("The app isn't responding");
  expect(screen.getByRole("button", { name: "Show logs" })).toBeInTheDocument();
  await report("painted");
  await waitFor(() => expect(screen.queryByRole("alert")).not.toBeInTheDocument());
});
