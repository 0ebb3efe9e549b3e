import { useState } from "react";
import { expect, expectAccessible, screen, test, waitFor } from "../../../testing/index.ts";
import type { CallDraft } from "../chat.types.ts";
import { DraftRow } from "./DraftRow.tsx";

const draft = (known: Partial<CallDraft> = {}): CallDraft => ({ index: 0, name: "write_file", lines: 0, chars: 0, tail: "", ...known });
const written = (text: string): CallDraft => draft({ path: "src/App.tsx", lines: text.split("\n").length, chars: text.length, tail: text });

test("before the path is known, the row has the name of the tool", async ({ show }) => {
  show(<DraftRow draft={draft()} />);
  expect(await screen.findByTestId("draft-row")).toHaveTextContent("PreparingWrite");
  expect(screen.queryByRole("group")).not.toBeInTheDocument();
});

test("a file shows its path, its lines and its newest text in the colors of its language", async ({ show }) => {
  show(<DraftRow draft={{ ...written("export const a = 1;\nreturn"), lines: 120 }} />);
  const row = await screen.findByTestId("draft-row");
  expect(row).toHaveTextContent("Writingsrc/App.tsx· 120 lines");
  expect(screen.getByRole("group", { name: "Text of src/App.tsx so far" })).toHaveTextContent("export const a = 1;return");
  await waitFor(() => expect(screen.getByText("export")).toHaveAttribute("style", "color: var(--syntax-keyword);"));
  await expectAccessible();
});

test("text that grows keeps its lines in the page, and their colors", async ({ show, user }) => {
  function Growing() {
    const [count, setCount] = useState(1);
    return (
      <>
        <DraftRow draft={written(Array.from({ length: count }, (_, index) => `const a${index} = 1;`).join("\n"))} />
        <button onClick={() => setCount(count + 1)}>Grow</button>
      </>
    );
  }
  show(<Growing />);
  const line = (await screen.findByText(/a0/)).closest("div");
  await waitFor(() => expect(screen.getByText("const")).toBeInTheDocument());
  await user.click(screen.getByRole("button", { name: "Grow" }));
  await waitFor(() => expect(screen.getAllByText("const")).toHaveLength(2));
  expect(screen.getAllByText("const")[0]?.closest("div")).toBe(line);
});

test("a text on one line has its characters counted", async ({ show }) => {
  show(<DraftRow draft={draft({ name: "run_command", lines: 1, chars: 8, tail: "npm test" })} />);
  expect(await screen.findByTestId("draft-row")).toHaveTextContent("PreparingRun· 8 characters");
});
