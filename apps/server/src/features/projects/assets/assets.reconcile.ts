import type { Entry, Tree } from "@tesslate/runtime";
import { skippedDirectories } from "../files/index.ts";
import { headBytes, inspect } from "./assets.inspect.ts";
import { assetPath, splitAssetPath } from "./assets.names.ts";
import type { AssetsStore, Correction } from "./assets.store.ts";
import type { AssetRow } from "../../../db/schema/projects.ts";

const filesAtOnce = 32;

/**
 * Makes the asset rows match the file tree after any change (agent, terminal, git checkout, snapshot restore).
 * A moved file is recognized by its etag, which survives a move; a changed file is inspected again; the row of a missing file is hidden until
 * the file is back.
 */
export async function reconcileAssets(projectId: string, tree: Tree, store: AssetsStore): Promise<void> {
  const rows = await store.listAll(projectId);
  const corrections: Correction[] = [];
  const lost: AssetRow[] = [];
  for (let i = 0; i < rows.length; i += filesAtOnce)
    await Promise.all(
      rows.slice(i, i + filesAtOnce).map(async (row) => {
        const entry = await tree.stat(assetPath(row)).catch(() => undefined);
        if (!entry || entry.isDirectory) {
          if (row.missing_since === null) lost.push(row);
        } else if (row.etag !== entry.etag || row.missing_since !== null) corrections.push(await looked(row, entry, tree));
      }),
    );
  if (lost.length > 0) {
    const taken = new Set(rows.map(assetPath));
    const found = new Map<string, string>();
    for (const entry of await tree.walk({ skip: skippedDirectories }))
      if (!entry.isDirectory && !taken.has(entry.path)) found.set(entry.etag, entry.path);
    for (const row of lost) {
      const path = found.get(row.etag);
      found.delete(row.etag);
      corrections.push(path === undefined ? { row, now: "missing" } : { row, now: "moved", to: splitAssetPath(path) });
    }
  }
  const news = corrections.filter((c) => c.now !== "missing" || c.row.missing_since === null);
  if (news.length > 0) await store.correct(projectId, news);
}

/** Inspects a changed file; one that is no longer an asset counts as missing. */
async function looked(row: AssetRow, entry: Entry, tree: Tree): Promise<Correction> {
  const head = await readHead(tree, assetPath(row)).catch(() => undefined);
  const facts = head && (await inspect(head, row.mime_type));
  return facts ? { row, now: "changed", facts: { ...facts, etag: entry.etag, file_size: entry.size } } : { row, now: "missing" };
}
async function readHead(tree: Tree, path: string): Promise<Uint8Array> {
  const { data } = await tree.stream(path, { start: 0, end: headBytes - 1 });
  return Buffer.concat(await data.toArray());
}
