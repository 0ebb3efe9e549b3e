import { fireEvent } from "@testing-library/dom";
import { useRef } from "react";
import { expect, expectAccessible, refuse, screen, test, waitFor, within } from "../../testing/index.ts";
import { ImportDialog } from "./ImportDialog.tsx";
import { ImportDrop } from "./ImportDrop.tsx";

// The upload and what follows is in the journey about files.
function Area() {
  const area = useRef<HTMLElement>(null);
  return (
    <main ref={area} aria-label="New project">
      <ImportDrop on={area} />
    </main>
  );
}
const fileAt = (path: string, content = "x"): File =>
  Object.defineProperty(new File([content], path.split("/").at(-1) ?? ""), "webkitRelativePath", { value: path });
const dialogNow = () => screen.findByRole("dialog", { name: "Import project" });

test("a chosen folder says what is imported; a zip archive or another folder replaces it", async ({ show, user }) => {
  show(<ImportDialog onClose={() => undefined} />);
  const dialog = await dialogNow();
  await user.click(within(dialog).getByRole("button", { name: "Import" }));
  expect(within(dialog).getByRole("alert")).toHaveTextContent("Choose a folder or a zip archive.");
  await user.upload(within(dialog).getByLabelText("Folder"), [
    fileAt("shop/package.json", "{}"),
    fileAt("shop/src/main.ts"),
    fileAt("shop/node_modules/left/index.js"),
  ]);
  await within(dialog).findByText("2 files, 3 B");
  expect(within(dialog).queryByRole("alert")).not.toBeInTheDocument();
  expect(within(dialog).getByRole("textbox", { name: "Name" })).toHaveAttribute("placeholder", "shop");
  await expectAccessible();
  await user.upload(within(dialog).getByLabelText("Zip archive"), new File(["x"], "bakery.zip"));
  expect(within(dialog).getByRole("textbox", { name: "Name" })).toHaveAttribute("placeholder", "bakery");
  await user.upload(within(dialog).getByLabelText("Folder"), [fileAt("empty/node_modules/left/index.js")]);
  expect(await within(dialog).findByText("empty has no files to import.")).toBeVisible();
});

test("files that cannot be read are listed, and nothing is uploaded", async ({ show, user }) => {
  show(<ImportDialog onClose={() => undefined} />);
  const dialog = await dialogNow();
  const broken = fileAt("shop/locked.db");
  broken.slice = () => ({ text: () => Promise.reject(new Error("not allowed")) }) as unknown as Blob;
  await user.upload(within(dialog).getByLabelText("Folder"), [fileAt("shop/a.txt"), broken]);
  await within(dialog).findByText("2 files, 2 B");
  await user.click(within(dialog).getByRole("button", { name: "Import" }));
  expect(await within(dialog).findByText(/Couldn't read 1 file\. Retry to import the folder without it\./)).toBeVisible();
  expect(within(dialog).getByText("locked.db")).toBeVisible();
  expect(within(dialog).getByRole("button", { name: "Retry import" })).toBeEnabled();
});

test("a folder that is dropped on the page opens the dialog", async ({ show }) => {
  show(<Area />);
  const page = await screen.findByRole("main", { name: "New project" });
  const child = { name: "index.html", isFile: true, file: (resolve: (file: File) => void) => resolve(new File(["<p>"], "index.html")) };
  const batches = [[child], []];
  const entry = {
    name: "site",
    isDirectory: true,
    createReader: () => ({ readEntries: (resolve: (some: unknown[]) => void) => resolve(batches.shift() ?? []) }),
  };
  const items = [{ kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => null }];
  const dataTransfer = { types: ["Files"], items, getData: () => "", setData: () => undefined, setDragImage: () => undefined };
  fireEvent.dragEnter(page, { dataTransfer });
  fireEvent.dragOver(page, { dataTransfer });
  await screen.findByText("Drop a folder or a zip archive to import it");
  fireEvent.drop(page, { dataTransfer });
  const dialog = await dialogNow();
  await within(dialog).findByText("1 file, 3 B");
  await waitFor(() => expect(screen.queryByText("Drop a folder or a zip archive to import it")).not.toBeInTheDocument());
});

test("over the project limit it says how many are used", async ({ api, show, user }) => {
  api.blankReads();
  api.answer("projects.create", refuse("project_limit_reached", { details: { used: 3, limit: 3, unit: "count" } }));
  show(<ImportDialog onClose={() => undefined} />);
  const dialog = within(await dialogNow());
  await user.click(dialog.getByRole("radio", { name: "Git URL" }));
  await user.type(dialog.getByLabelText("Repository URL"), "https://git.example.com/shop.git");
  await user.click(dialog.getByRole("button", { name: "Import" }));
  expect(await dialog.findByText("3 of 3 projects used")).toBeVisible();
});
