import type { CommandView, ToolPart } from "../chat.types.ts";
import { expect, expectAccessible, refuse, screen, test, waitFor } from "../../../testing/index.ts";
import { RunningCommands } from "../RunningCommands.tsx";
import { CommandRow } from "./CommandRow.tsx";
import { ToolRow } from "./ToolRow.tsx";

const taskId = "0a000000-0000-4000-8000-000000000001";
const command = (known: Partial<CommandView> = {}): CommandView => ({
  id: "k1",
  taskId,
  command: "npm test",
  isBackground: false,
  startedAt: new Date().toISOString(),
  output: "",
  isStartCut: false,
  ...known,
});
const tool = (known: Partial<ToolPart>): ToolPart => ({
  kind: "tool",
  key: "t1.0",
  iteration: 1,
  name: "run_command",
  parameters: { command: "npm test" },
  status: "running",
  edits: [],
  ...known,
});
const ended = { exitCode: 0, reason: "exited", durationMs: 3_000, isEndCut: false } as const;

test("a running command opens with its output in the colors of the terminal", async ({ show }) => {
  show(<ToolRow part={tool({ command: command({ output: "\u001b[32m3 passed\u001b[0m\n1 \u001b[31mfailed" }) })} />);
  const log = await screen.findByRole("log", { name: "Output of npm test" });
  expect(log).toHaveTextContent("3 passed1 failed");
  expect(screen.getByText("3 passed")).toHaveAttribute("style", "color: var(--term-green);");
  expect(screen.getByRole("button", { name: /npm test.*running/ })).toHaveAttribute("aria-expanded", "true");
  await expectAccessible();
});

test("output that is too long is marked at its start and at its end", async ({ show }) => {
  const output = Array.from({ length: 1_000 }, (_, index) => `line ${index}`).join("\n");
  show(<ToolRow part={tool({ command: command({ output }) })} />);
  const log = await screen.findByRole("log");
  expect(log).toHaveTextContent(/^Earlier output is not shown\.line 600/);
  expect(log).toHaveTextContent(/line 999$/);
});

test("a command is stopped once; the run continues", async ({ show, api, user }) => {
  const answer = api.hang("chat.stopCommand");
  show(<ToolRow part={tool({ command: command() })} />);
  await user.click(await screen.findByRole("button", { name: "Stop npm test" }));
  expect(await screen.findByRole("button", { name: "Stopping npm test…" })).toBeDisabled();
  answer({ command_id: "k1", status: "stop_requested" });
});

test("a command that could not be stopped can be tried again", async ({ show, api, user }) => {
  api.answer("chat.stopCommand", refuse("rate_limited"));
  show(<ToolRow part={tool({ command: command() })} />);
  await user.click(await screen.findByRole("button", { name: "Stop npm test" }));
  expect(await screen.findByText(/Couldn't stop the command\./)).toBeInTheDocument();
  await waitFor(() => expect(screen.getByRole("button", { name: "Stop npm test" })).toBeEnabled());
});

const endings = [
  ["exit 1", { ...ended, exitCode: 1 }],
  ["timed out", { ...ended, exitCode: null, reason: "timed_out" }],
  ["stopped", { ...ended, exitCode: null, reason: "stopped_by_person" }],
] as const;
for (const [shown, ending] of endings)
  test(`a command that has ended while its batch continues shows how, and cannot be stopped: ${shown}`, async ({ show }) => {
    show(<ToolRow part={tool({ command: command({ ending }) })} />);
    expect(await screen.findByRole("button", { name: new RegExp(`npm test.*${shown}.*3 s`) })).toBeVisible();
    expect(screen.queryByRole("button", { name: /^Stop/ })).not.toBeInTheDocument();
  });

test("the result of a failed call takes the place of the live output, because it has the reason", async ({ show }) => {
  const result = { success: false, error: "exit code 1", result: { output: "1 failed" } };
  show(<ToolRow part={tool({ status: "failed", result, command: command({ output: "1 failed", ending: { ...ended, exitCode: 1 } }) })} />);
  expect(await screen.findByLabelText(/^Output of Run/)).toHaveTextContent("exit code 1 1 failed");
  expect(screen.queryByRole("log")).not.toBeInTheDocument();
});

test("a background command is one line that opens to its output", async ({ show, user }) => {
  show(<CommandRow command={command({ isBackground: true, command: "npm run dev", output: "ready" })} />);
  const row = await screen.findByRole("button", { name: /In the background.*npm run dev.*running/ });
  expect(row).toHaveAttribute("aria-expanded", "false");
  await user.click(row);
  expect(screen.getByRole("log", { name: "Output of npm run dev" })).toHaveTextContent("ready");
  expect(screen.getByRole("button", { name: "Stop npm run dev" })).toBeVisible();
});

test("the background commands that run are a list, each with its stop", async ({ show, api, user }) => {
  api.answer("chat.stopCommand", { command_id: "k2", status: "stop_requested" });
  show(<RunningCommands commands={[command({ command: "npm run dev" }), command({ id: "k2", command: "npm run watch" })]} />);
  const list = await screen.findByRole("list", { name: "Running commands" });
  expect(list.children).toHaveLength(2);
  await user.click(screen.getByRole("button", { name: "Stop npm run watch" }));
  expect(await screen.findByRole("button", { name: "Stopping npm run watch…" })).toBeDisabled();
});
