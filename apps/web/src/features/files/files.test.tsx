import { fireEvent } from "@testing-library/dom";
import { useState } from "react";
import { buildTree } from "../../lib/file-tree.ts";
import { expect, expectAccessible, sampleTime, screen, test, waitFor } from "../../testing/index.ts";
import { FileTreePanel } from "./FileTreePanel.tsx";
import { QuickOpen } from "./QuickOpen.tsx";
import type { FileMark } from "./TreeRowView.tsx";
import type { FileActions } from "./use-file-actions.ts";

const entry = (path: string) => ({ path, is_directory: false, size: 1, etag: path, mtime: sampleTime });
const tree = buildTree(["src/App.tsx", "src/api/orders.ts", "public/icon.svg", "README.md", "package.json"].map(entry));

function panel(files = tree, refusal?: string, marks: ReadonlyMap<string, FileMark> = new Map()) {
  const opened: string[] = [];
  const done: unknown[][] = [];
  const record =
    (name: string) =>
    async (...args: unknown[]) => {
      done.push([name, ...args]);
      return refusal;
    };
  const actions: FileActions = {
    createFile: record("file"),
    createFolder: record("folder"),
    rename: record("rename"),
    moveInto: record("move"),
    remove: async ({ paths }) => {
      done.push(["remove", ...paths]);
      if (refusal) throw new Error(refusal);
    },
  };
  const Panel = () => {
    const [open, setOpen] = useState<string>();
    return (
      <FileTreePanel
        tree={files}
        actions={actions}
        uploads={{
          list: [],
          add: (files, folder) => void done.push(["upload", files.map(({ path }) => path), folder]),
          retry: () => undefined,
          dismiss: () => undefined,
        }}
        openPath={open}
        onOpen={(path) => {
          opened.push(path);
          setOpen(path);
        }}
        marks={marks}
      />
    );
  };
  return { element: <Panel />, opened, done };
}
const grid = () => screen.findByRole("treegrid", { name: "Project files" });
const active = async () => {
  const id = (await grid()).getAttribute("aria-activedescendant");
  return id ? document.getElementById(id)?.textContent : undefined;
};

test.describe("the tree", () => {
  test("is walked by arrows: right opens a folder, left closes it, Enter opens a file", async ({ show, user }) => {
    const it = panel();
    show(it.element);
    (await grid()).focus();
    await waitFor(async () => expect(await active()).toBe("public"));
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(await active()).toBe("icon.svg");
    await user.keyboard("{ArrowLeft}{ArrowLeft}");
    expect(screen.getByRole("row", { name: "public" })).toHaveAttribute("aria-expanded", "false");
    expect(screen.queryByText("icon.svg")).not.toBeInTheDocument();
    await user.keyboard("{End}{Enter}");
    expect(it.opened).toEqual(["README.md"]);
    expect(screen.getByRole("row", { name: "README.md" })).toHaveAttribute("aria-current", "page");
    await expectAccessible();
  });

  test("chooses several with Shift, and deletes them together", async ({ show, user }) => {
    const it = panel();
    show(it.element);
    (await grid()).focus();
    await user.keyboard("{End}{Shift>}{ArrowUp}{/Shift}");
    expect(screen.getAllByRole("row", { selected: true }).map((row) => row.textContent)).toEqual(["package.json", "README.md"]);
    await user.keyboard("{Delete}");
    await waitFor(() => expect(it.done[0]).toEqual(["remove", "package.json", "README.md"]));
  });

  test("F2 renames in place, with the name chosen up to its ending; Escape leaves it", async ({ show, user }) => {
    const it = panel();
    show(it.element);
    (await grid()).focus();
    await user.keyboard("{End}{F2}");
    const field = await screen.findByRole<HTMLInputElement>("textbox", { name: "New name of README.md" });
    expect([field.selectionStart, field.selectionEnd]).toEqual([0, "README".length]);
    await user.keyboard("{Escape}");
    expect(it.done).toEqual([]);
    expect(await grid()).toHaveFocus();
    await user.keyboard("{F2}NOTES{Enter}");
    await waitFor(() => expect(it.done).toEqual([["rename", "README.md", "NOTES.md"]]));
  });

  test("a refused name says why at its field, which stays", async ({ show, user }) => {
    const it = panel(tree, "There is a file of this name.");
    show(it.element);
    await user.click(await screen.findByRole("button", { name: "New file" }));
    await user.type(screen.getByRole("textbox", { name: /^New file in/ }), "README.md{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("There is a file of this name.");
    expect(screen.getByRole("textbox", { name: /^New file in/ })).toBeInvalid();
    expect(it.opened).toEqual([]);
  });

  test("a new file in the folder that is chosen is opened", async ({ show, user }) => {
    const it = panel();
    show(it.element);
    await user.click(await screen.findByText("api"));
    await user.click(screen.getByRole("button", { name: "New file" }));
    await user.type(screen.getByRole("textbox", { name: "New file in src/api" }), "mail.ts{Enter}");
    await waitFor(() => expect(it.opened).toEqual(["src/api/mail.ts"]));
    expect(it.done).toEqual([["file", "src/api/mail.ts"]]);
  });

  test("is filtered by letters, and says when nothing matches", async ({ show, user }) => {
    show(panel().element);
    const filter = await screen.findByRole("textbox", { name: "Filter files" });
    await user.type(filter, "order");
    await waitFor(() => expect(screen.queryByText("README.md")).not.toBeInTheDocument());
    expect(screen.getByText("orders.ts")).toBeVisible();
    await user.type(filter, "zzz");
    expect(await screen.findByRole("heading", { name: "No results for “orderzzz”" })).toBeVisible();
    await user.keyboard("{Escape}");
    expect(await screen.findByText("README.md")).toBeVisible();
  });

  test("an empty project says how files come", async ({ show }) => {
    show(panel(buildTree([])).element);
    expect(await screen.findByRole("heading", { name: "No files yet" })).toBeVisible();
  });

  test("says in words what is new about a file", async ({ show }) => {
    show(panel(tree, undefined, new Map([["README.md", "M" as const]])).element);
    expect(await screen.findByLabelText("modified")).toHaveTextContent("M");
  });

  test("what a row's menu does is what its keys do", async ({ show, user }) => {
    const it = panel();
    show(it.element);
    await user.pointer({ keys: "[MouseRight]", target: await screen.findByText("README.md") });
    await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
    await waitFor(() => expect(it.done).toEqual([["remove", "README.md"]]));
  });

  const cell = (name: string) => screen.getByRole("gridcell", { name });
  const transfer = { types: [], items: [], getData: () => "", setData: () => undefined, setDragImage: () => undefined };
  const dragTo = async (element: Element, data: object) => {
    fireEvent.dragEnter(element, { dataTransfer: data });
    fireEvent.dragOver(element, { dataTransfer: data });
    await waitFor(() => expect(element).toHaveClass("bg-brand-soft"));
    fireEvent.drop(element, { dataTransfer: data });
  };

  test("a row that is dragged to a folder is moved there", async ({ show }) => {
    const it = panel();
    show(it.element);
    await grid();
    fireEvent.dragStart(cell("README.md"), { dataTransfer: transfer });
    await dragTo(cell("src"), transfer);
    fireEvent.dragEnd(cell("README.md"), { dataTransfer: transfer });
    await waitFor(() => expect(it.done).toEqual([["move", ["README.md"], "src"]]));
    expect(cell("src")).not.toHaveClass("bg-brand-soft");
  });

  test("files of the computer are uploaded to the folder they are dropped on", async ({ show }) => {
    const it = panel();
    show(it.element);
    await grid();
    const file = new File(["<svg/>"], "logo.svg");
    const items = [{ kind: "file", webkitGetAsEntry: () => null, getAsFile: () => file }];
    await dragTo(cell("public"), { ...transfer, types: ["Files"], items });
    await waitFor(() => expect(it.done).toEqual([["upload", ["logo.svg"], "public"]]));
  });
});

test.describe("opening a file by its name", () => {
  const quick = (recent: string[] = []) => {
    const picked: string[] = [];
    return {
      picked,
      element: <QuickOpen tree={tree} recent={recent} isOpen onOpenChange={() => undefined} onPick={(path) => picked.push(path)} />,
    };
  };
  test("what was open last comes first", async ({ show }) => {
    show(quick(["src/App.tsx"]).element);
    expect((await screen.findAllByRole("option"))[0]).toHaveTextContent("App.tsx");
  });
  test("a few letters and Enter; a number goes to the line", async ({ show, user }) => {
    const it = quick();
    show(it.element);
    await user.type(await screen.findByPlaceholderText(/Find a file/), "ord:12");
    await waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(1));
    await user.keyboard("{Enter}");
    expect(it.picked).toEqual(["src/api/orders.ts:12"]);
  });
  test("says when there is none", async ({ show, user }) => {
    show(quick().element);
    await user.type(await screen.findByPlaceholderText(/Find a file/), "zzz");
    expect(await screen.findByText(/“zzz”/)).toBeVisible();
    await user.keyboard("{Enter}");
  });
});
