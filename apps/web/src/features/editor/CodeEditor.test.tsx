import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { expect, screen, test } from "../../testing/index.ts";
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
