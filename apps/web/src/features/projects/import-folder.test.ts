import { expect, test } from "vitest";
import { maxArchiveEntries } from "@tesslate/contract/limits";
import { folderFromDrop, folderFromPicker, folderProblem, packFolder, UnreadableFiles, type ImportFolder } from "./import-folder.ts";

type Tree = { [name: string]: string | Tree };
const contents = {
  ".gitignore": "dist/\n*.log\n",
  ".git": { HEAD: "ref" },
  ".DS_Store": "x",
  "package.json": "{}",
  "run.sh": "#!/bin/sh\n",
  "debug.log": "x",
  node_modules: { left: { "index.js": "x" } },
  dist: { "app.js": "x" },
  src: { "main.ts": "export {};", ".gitignore": "!kept.log\nsecret.txt\n", "kept.log": "x", "secret.txt": "x", dist: { "a.js": "x" } },
};
const kept = [".gitignore", "package.json", "run.sh", "src/.gitignore", "src/kept.log", "src/main.ts"];

const isTree = (value: string | Tree): value is Tree => typeof value !== "string";
function pickedFrom(tree: Tree, at: string): File[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const path = `${at}/${name}`;
    if (isTree(value)) return pickedFrom(value, path);
    return Object.defineProperty(new File([value], name), "webkitRelativePath", { value: path });
  });
}
/** Names of opened folders are noted in `opened`. */
function entryOf(name: string, value: string | Tree, opened: string[]): FileSystemEntry {
  if (!isTree(value))
    return {
      name,
      isFile: true,
      isDirectory: false,
      file: (resolve: (file: File) => void, reject: (error: Error) => void) =>
        value === "unreadable" ? reject(new Error("not allowed")) : resolve(new File([value], name)),
    } as unknown as FileSystemEntry;
  const createReader = () => {
    opened.push(name);
    const rest = Object.entries(value).map(([child, of]) => entryOf(child, of, opened));
    // Browsers give some entries at a time.
    return { readEntries: (resolve: (some: FileSystemEntry[]) => void) => resolve(rest.splice(0, 2)) };
  };
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}
const drop = (tree: Tree, opened: string[] = []) => folderFromDrop(entryOf("shop", tree, opened) as FileSystemDirectoryEntry);
const pathsOf = (folder: ImportFolder | undefined) => folder?.files.map(({ path }) => path).sort();

test("a picked folder comes without generated folders, .git and what its .gitignore files list", async () => {
  const folder = await folderFromPicker(pickedFrom(contents, "shop"));
  expect(folder).toMatchObject({ name: "shop", unreadable: [], bytes: 56 });
  expect(pathsOf(folder)).toEqual(kept);
});

test("a dropped folder is the same, and folders that are left out are not opened", async () => {
  const opened: string[] = [];
  expect(pathsOf(await drop(contents, opened))).toEqual(kept);
  expect(opened).toEqual(["shop", "src"]);
});

test("files that the browser may not read are named", async () => {
  const folder = await drop({ "a.txt": "a", src: { "b.txt": "unreadable" } });
  expect(pathsOf(folder)).toEqual(["a.txt"]);
  expect(folder.unreadable).toEqual(["src/b.txt"]);
});

test("an empty folder, too many files and too many bytes are refused before the upload", async () => {
  expect(folderProblem(await drop({ node_modules: { "a.js": "x" } }))).toBe("shop has no files to import.");
  const file = new File(["x"], "x");
  const many = Array.from({ length: maxArchiveEntries + 1 }, (_, index) => ({ path: `${index}`, file }));
  expect(folderProblem({ name: "shop", files: many, bytes: 1, unreadable: [] })).toBe("shop has 50,001 files. The limit is 50,000.");
  const huge = Object.defineProperty(new File(["x"], "x"), "size", { value: 500 * 2 ** 20 });
  expect(folderProblem({ name: "shop", files: [{ path: "x", file: huge }], bytes: 1, unreadable: [] })).toBe(
    "shop is larger than 500 MiB.",
  );
  expect(folderProblem(await drop(contents))).toBeUndefined();
});

/** Paths and modes in the archive's list of entries. */
async function entriesOf(archive: File): Promise<Record<string, string>> {
  const data = Buffer.from(await archive.arrayBuffer());
  const found: Record<string, string> = {};
  for (let at = data.indexOf("PK\x01\x02", "latin1"); at >= 0; at = data.indexOf("PK\x01\x02", at + 4, "latin1"))
    found[data.toString("utf8", at + 46, at + 46 + data.readUInt16LE(at + 28))] = (data.readUInt16LE(at + 40) & 0o777).toString(8);
  return found;
}

test("the archive has every file with its path, and programs stay executable", async () => {
  const shares: number[] = [];
  const archive = await packFolder(await drop({ "run.sh": "#!/bin/sh\n", src: { "café.ts": "export {};" } }), {
    onProgress: (share) => shares.push(share),
    signal: new AbortController().signal,
  });
  expect(archive.name).toBe("shop.zip");
  expect(await entriesOf(archive)).toEqual({ "project/run.sh": "755", "project/src/café.ts": "644" });
  expect(shares).toEqual([0.5, 1]);
});

test("files that can no longer be read are named, and nothing is packed", async () => {
  const folder = await drop({ "a.txt": "a", "b.txt": "b" });
  const [, second] = folder.files;
  if (second) second.file.slice = () => ({ text: () => Promise.reject(new Error("changed")) }) as unknown as Blob;
  const packed = packFolder(folder, { onProgress: () => undefined, signal: new AbortController().signal });
  await expect(packed).rejects.toThrow(UnreadableFiles);
  await expect(packed).rejects.toThrow("Couldn't read 1 file. Retry to import the folder without it.");
  await expect(packed).rejects.toMatchObject({ paths: ["b.txt"] });
});

test("packing can be canceled", async () => {
  const abort = new AbortController();
  const packed = packFolder(await drop({ "a.txt": "a", "b.txt": "b" }), { onProgress: () => abort.abort(), signal: abort.signal });
  await expect(packed).rejects.toMatchObject({ name: "AbortError" });
});
