import { Container, Project, Task, type ProjectEvent } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  openPane,
  sample,
  sampleId,
  sampleTime,
  screen,
  test,
  waitFor,
  type CannedApi,
  within,
} from "../../testing/index.ts";
import { FailureCard } from "./FailureCard.tsx";
import { useOpenPreview } from "./open-preview.ts";
import { PreviewPane } from "./PreviewPane.tsx";
import { PreviewProvider } from "./PreviewProvider.tsx";

const web = { id: sampleId, name: "web", container_type: "base" as const, directory: ".", url: "http://web.test" };
const Card = () => {
  const { failure } = useOpenPreview();
  return failure ? <FailureCard failure={failure} onDismiss={() => undefined} /> : null;
};
const Both = () => (
  <PreviewProvider onAskAboutElement={() => undefined}>
    <PreviewPane />
    <Card />
  </PreviewProvider>
);
function preview(api: CannedApi, known: Parameters<typeof openPane>[1] = {}) {
  api.answer("previews.ticket", { url: "http://web.test/?ticket=1" });
  const asked: [string, string | undefined][] = [];
  const pane = openPane(Both, {
    project: sample(Project, { environment_status: "active" }),
    containers: [sample(Container, { ...web, status: "running" })],
    ask: (text, details) => asked.push([text, details]),
    ...known,
  });
  let seq = 0;
  const emit = (type: ProjectEvent["type"], data: unknown) => {
    seq += 1;
    pane.emit({ seq, ts: sampleTime, task_id: sampleId, task_seq: seq, type, data } as ProjectEvent);
  };
  const thrown = () =>
    emit("preview_report", {
      container_id: sampleId,
      kind: "error",
      message: "TypeError: x is not a function\n  more",
      source: "http://web.test/src/App.tsx?t=1",
      line: 12,
      column: 5,
      stack: "TypeError: x\n    at App (http://web.test/src/App.tsx?t=1:12:5)",
    });
  return { element: pane.element, asked, emit, thrown };
}
const card = () => screen.findByRole("status", { name: "App error" });
const isFramed = () =>
  waitFor(() => expect(screen.getByTestId("preview-frame")).toHaveAttribute("src", expect.stringContaining("ticket=1")));

test("an uncaught error is one card and one notice: first line, place, count; Fix sends one line, with the stack as details", async ({
  api,
  show,
  user,
}) => {
  const it = preview(api);
  show(it.element);
  await isFramed();
  it.thrown();
  it.thrown();
  expect(await card()).toHaveTextContent("TypeError: x is not a function");
  expect(await card()).toHaveTextContent("2 times");
  expect(screen.getAllByRole("button", { name: "src/App.tsx:12:5" })).toHaveLength(2);
  await user.click(screen.getAllByRole("button", { name: "Fix with agent" })[0] as HTMLElement);
  expect(it.asked).toEqual([
    ["Fix the error: TypeError: x is not a function at src/App.tsx:12:5", expect.stringContaining("at App (src/App.tsx:12:5)")],
  ]);
});

test("while the agent works the notice offers no second fix", async ({ api, show }) => {
  const it = preview(api, { tasks: [sample(Task, { type: "agent_execution", status: "running" })] });
  show(it.element);
  await isFramed();
  it.thrown();
  expect(await screen.findByText("The agent is working.")).toBeVisible();
});

test("a page that loads again without the error clears card, notice and badge", async ({ api, show }) => {
  const it = preview(api);
  show(it.element);
  await isFramed();
  it.thrown();
  await card();
  expect(screen.getByRole("button", { name: "1 problem" })).toBeVisible();
  it.emit("preview_report", { container_id: sampleId, kind: "navigation", url: "/" });
  await waitFor(() => expect(screen.queryByRole("status", { name: "App error" })).not.toBeInTheDocument());
  expect(screen.queryByRole("button", { name: "1 problem" })).not.toBeInTheDocument();
});

test("after a run that changed files the page is loaded again; until it reports, nothing is claimed; the error comes back if it is still there", async ({
  api,
  show,
}) => {
  const it = preview(api);
  show(it.element);
  await isFramed();
  it.thrown();
  await card();
  it.emit("done", {});
  expect(api.asked("previews.ticket")).toHaveLength(1);
  it.emit("file_changed", { path: "src/App.tsx", op: "update", by: "agent" });
  it.emit("done", {});
  await waitFor(() => expect(screen.queryByRole("status", { name: "App error" })).not.toBeInTheDocument());
  // The frame of a test has no bridge, so the preview is entered again.
  await waitFor(() => expect(api.asked("previews.ticket")).toHaveLength(2));
  await isFramed();
  it.thrown();
  expect(await card()).toBeVisible();
});

test("a crashed container is one card and one state of the preview, with the error of its last lines", async ({ api, show, user }) => {
  api.stream("containers.logs");
  const it = preview(api, {
    containers: [sample(Container, { ...web, status: "failed", exit_code: 1, status_message: "Exited with code 1." })],
  });
  show(it.element);
  await screen.findByRole("alert");
  it.emit("container_status", {
    container_id: sampleId,
    name: "web",
    status: "failed",
    url: null,
    exit_code: 1,
    message: "Exited with code 1.",
    last_lines: ["ReferenceError: port is not defined", "    at file:///app/server.js:3:5"],
    restarts: 1,
  });
  await waitFor(async () => expect(await card()).toHaveTextContent("ReferenceError: port is not defined"));
  expect(await card()).toHaveTextContent("web crashed (exit 1)");
  expect(await card()).toHaveTextContent("2 times");
  await expectAccessible();
  expect(screen.getAllByRole("button", { name: "Fix with agent" })).toHaveLength(2);
  await user.click(within(await card()).getByRole("button", { name: "Fix with agent" }));
  expect(it.asked).toEqual([
    ["Fix the error: ReferenceError: port is not defined at server.js:3:5", expect.stringContaining("in the output of web")],
  ]);
});
