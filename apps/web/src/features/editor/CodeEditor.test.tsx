import { EditorView } from "@codemirror/view";
import { useState } from "react";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { expect, screen, test, waitFor } from "../../testing/index.ts";
import { CodeEditor } from "./CodeEditor.tsx";

const nothing = () => undefined;

function Workbench({ onSearch }: { onSearch: () => void }) {
  useShortcuts({ "files.search": onSearch });
  return (
    <CodeEditor
      buffer={{ path: "a.ts", text: "const a = 1;", draft: undefined, revision: 1 } as never}
      isReadOnly={false}
      onEdit={nothing}
      onLeave={nothing}
    />
  );
}

test("Ctrl+F finds in the file; Ctrl+Shift+F is the search in all files, also where the browser says a small f", async ({ show, user }) => {
  let searches = 0;
  show(<Workbench onSearch={() => (searches += 1)} />);
  const text = await screen.findByRole("textbox", { name: "Text of a.ts" });
  text.focus();
  for (const key of ["f", "F"]) await user.keyboard(`{Control>}{Shift>}{${key}}{/Shift}{/Control}`);
  expect(searches).toBe(2);
  expect(document.querySelector(".cm-search")).toBeNull();
  await user.keyboard("{Control>}f{/Control}");
  expect(document.querySelector(".cm-search")).not.toBeNull();
  expect(searches).toBe(2);
});

const before = ["const first = 1;", "const second = 2;", "const third = 3;"];
const after = ["const first = 10;", "const second = 2;", "const third = 30;", "const fourth = 4;"];

function Changing() {
  const [isNewer, setIsNewer] = useState(false);
  const text = (isNewer ? after : before).join("\n");
  return (
    <>
      <CodeEditor
        buffer={{ path: "a.ts", text, draft: undefined, revision: isNewer ? 2 : 1 } as never}
        isReadOnly={false}
        onEdit={nothing}
        onLeave={nothing}
      />
      <button type="button" onClick={() => setIsNewer(true)}>
        Change
      </button>
    </>
  );
}

test("a newer text replaces only what differs: the cursor stays between two changes", async ({ show, user }) => {
  show(<Changing />);
  const editor = EditorView.findFromDOM(await screen.findByRole("textbox", { name: "Text of a.ts" }));
  editor?.dispatch({ selection: { anchor: before.join("\n").indexOf("second") } });
  await user.click(screen.getByRole("button", { name: "Change" }));
  await waitFor(() => expect(editor?.state.doc.toString()).toBe(after.join("\n")));
  expect(editor?.state.sliceDoc(editor.state.selection.main.head).startsWith("second")).toBe(true);
});

test("compared with another version, it shows what was added and deleted, and hides lines that did not change", async ({ show }) => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index};`);
  show(
    <CodeEditor
      buffer={{ path: "a.ts", text: lines.with(2, "mine;").join("\n"), draft: undefined, revision: 1 } as never}
      isReadOnly
      label="Changes in a.ts"
      comparedWith={lines.with(2, "theirs;").join("\n")}
      isComparisonFolded
      onEdit={nothing}
      onLeave={nothing}
    />,
  );
  const text = await screen.findByRole("textbox", { name: "Changes in a.ts" });
  await waitFor(() => expect(text.querySelector(".cm-deletedChunk")).toHaveTextContent("theirs;"));
  expect(text.querySelector(".cm-changedLine")).toHaveTextContent("mine;");
  expect(text).toHaveTextContent("24 unchanged lines");
});
