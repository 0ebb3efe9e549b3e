import { fireEvent } from "@testing-library/dom";
import { vi } from "vitest";
import type { ToolPart } from "../chat.types.ts";
import { expect, expectAccessible, screen, test } from "../../../testing/index.ts";
import { ToolRow } from "./ToolRow.tsx";

const part = (known: Partial<ToolPart>): ToolPart => ({
  kind: "tool",
  key: "t",
  iteration: 1,
  name: "run_command",
  parameters: { command: "npm test" },
  status: "ok",
  edits: [],
  ...known,
});
const output = (text: string, known: Record<string, unknown> = {}) =>
  ({ success: true, ...known, result: { stdout: text, output: text, ...known } }) as unknown as ToolPart["result"];

test("is one line that opens by Enter and closes again", async ({ show, user }) => {
  show(<ToolRow part={part({ durationMs: 1200 })} />);
  const row = await screen.findByRole("button", { name: /npm test/ });
  expect(row).toHaveAttribute("aria-expanded", "false");
  row.focus();
  await user.keyboard("{Enter}");
  expect(row).toHaveAttribute("aria-expanded", "true");
  expect(screen.getByLabelText(/^(Parameters|Output) of/)).toHaveTextContent("npm test");
  await user.keyboard("{Enter}");
  expect(screen.queryByLabelText(/^(Parameters|Output) of/)).not.toBeInTheDocument();
});

test("counts while it runs", async ({ show }) => {
  show(<ToolRow part={part({ status: "running" })} />);
  const row = await screen.findByRole("button", { name: /npm test/ });
  expect(row).toHaveTextContent("running");
  expect(row).toHaveTextContent(/\d/);
});

test("says that it waits for the person", async ({ show }) => {
  show(<ToolRow part={part({ status: "waiting" })} />);
  expect(await screen.findByRole("button", { name: /waiting for you/ })).toBeVisible();
});

test("a failed one opens by itself", async ({ show }) => {
  show(<ToolRow part={part({ status: "failed", result: output("1 test failed") })} />);
  const row = await screen.findByRole("button", { name: /failed/ });
  expect(row).toHaveAttribute("aria-expanded", "true");
});

test("a failed command opens at the end of what it printed", async ({ show }) => {
  const height = vi.spyOn(Element.prototype, "scrollHeight", "get").mockReturnValue(900);
  show(<ToolRow part={part({ status: "failed", result: output("FAIL a.test.ts") })} />);
  expect((await screen.findByLabelText(/^Output of/)).scrollTop).toBe(900);
  height.mockRestore();
});

test("beside a call that waits, an earlier one has ended and a later one has not started: neither turns", async ({ show }) => {
  show(
    <>
      <ToolRow part={part({ key: "a", status: "ended", parameters: { command: "first" } })} />
      <ToolRow part={part({ key: "b", status: "queued", parameters: { command: "last" } })} />
    </>,
  );
  expect(await screen.findByRole("button", { name: /first.*done/ })).toBeVisible();
  expect(screen.getByRole("button", { name: /last.*not started/ })).toBeVisible();
  expect(document.querySelector(".spin")).toBeNull();
});

test("one that was refused says that it was not run, and stays closed", async ({ show }) => {
  show(<ToolRow part={part({ status: "refused" })} />);
  expect(await screen.findByRole("button", { name: /not run/ })).toHaveAttribute("aria-expanded", "false");
});

test("one that was running when the run ended was stopped", async ({ show }) => {
  show(<ToolRow part={part({ status: "stopped" })} />);
  expect(await screen.findByRole("button", { name: /stopped/ })).toBeVisible();
  expect(document.querySelector(".spin")).toBeNull();
});

test("a call without parameters and without a result has nothing to open", async ({ show }) => {
  show(<ToolRow part={part({ name: "todo_read", parameters: {} })} />);
  expect(await screen.findByRole("button")).toBeDisabled();
});

test("an edit shows its lines and their number", async ({ show, user }) => {
  show(
    <ToolRow
      part={part({
        name: "edit_file",
        parameters: { path: "src/a.ts" },
        edits: [{ path: "src/a.ts", op: "update", diff: "@@ -1,2 +1,2 @@\n-old();\n+new();\n+more();" }],
      })}
    />,
  );
  const row = await screen.findByRole("button", { name: /src\/a\.ts/ });
  expect(screen.getByLabelText("2 lines added")).toBeVisible();
  expect(screen.getByLabelText("1 line removed")).toBeVisible();
  await user.click(row);
  expect(screen.getByText("more();")).toBeVisible();
});

test("a write that changed nothing says so, not how many lines were written", async ({ show }) => {
  const result = { success: true, result: { message: "a.ts already has this content.", change: { additions: 0, deletions: 0 } } };
  show(<ToolRow part={part({ name: "write_file", parameters: { file_path: "a.ts", content: "1\n2\n" }, result } as Partial<ToolPart>)} />);
  expect(await screen.findByRole("button", { name: /a\.ts/ })).toHaveTextContent("No changes");
  expect(screen.queryByLabelText(/lines? added/)).not.toBeInTheDocument();
});

test("shows the images of a result as thumbnails that open in full size", async ({ show, user }) => {
  const image = (index: number, name: string) => ({
    id: `0a000000-0000-4000-8000-00000000000${index}`,
    name,
    mime_type: "image/png",
    width: 800,
    height: 600,
  });
  const result = { success: true, tool: "read_file", images: [image(1, "public/logo.png"), image(2, "public/icon.png")] };
  show(<ToolRow part={part({ name: "read_file", parameters: { file_path: "public/logo.png" }, result })} />);
  const first = await screen.findByRole("button", { name: "Open image: public/logo.png" });
  const thumbnail = screen.getByAltText("Image: public/logo.png");
  expect(thumbnail).toHaveAttribute("src", "/api/chat/attachments/0a000000-0000-4000-8000-000000000001");
  expect(thumbnail).toHaveAttribute("loading", "lazy");
  await expectAccessible();
  await user.click(first);
  expect(await screen.findByRole("dialog", { name: "public/logo.png" })).toHaveTextContent("800 × 600, as the agent got it");
  await user.keyboard("{ArrowRight}");
  expect(await screen.findByRole("dialog", { name: "public/icon.png" })).toBeVisible();
});

test("an image that was deleted says so", async ({ show }) => {
  const image = { id: "0a000000-0000-4000-8000-000000000001", name: "a.png", mime_type: "image/png", width: null, height: null };
  show(<ToolRow part={part({ result: { success: true, images: [image] } })} />);
  fireEvent.error(await screen.findByAltText("Image: a.png"));
  expect(await screen.findByText("No longer available")).toBeVisible();
});
