import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { LayoutGrid, List, Search, Upload } from "lucide-react";
import { maxAssetBytes, type Asset, type AssetFileType } from "@tesslate/contract";
import { useDeferredValue, useRef, useState } from "react";
import { formatByteLimit } from "../../lib/bytes.ts";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useDroppedFiles, usePastedFiles } from "../../lib/use-dropped-files.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProject, useProjectEvents, useProjectQuery, useQuietProject } from "../../project/project-context.ts";
import { isFileChange } from "../../project/project-events.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { useUndoableDeletes } from "../../ui/use-undoable-deletes.ts";
import { accepted, assetTypeLooks } from "./asset-looks.tsx";
import { AssetGrid, AssetRows, type AssetActions } from "./AssetList.tsx";
import { assetsKey, assetsQuery, directoriesQuery } from "./assets.queries.ts";
import { AssetSheet } from "./AssetSheet.tsx";
import { FolderList, shownFolders } from "./FolderList.tsx";
import { MoveAssetDialog } from "./MoveAssetDialog.tsx";
import { UploadTray } from "./UploadTray.tsx";
import { useAssetUploads } from "./use-uploads.ts";

const layoutKey = "studio:assets-layout";
const isLayout = (value: unknown): value is "grid" | "list" => value === "grid" || value === "list";
const everything = "all";
/** Changes come in bursts; refresh once after each. */
const settleMs = 250;

/** Images, fonts, audio and other media of a project. */
export function AssetsPane() {
  const project = useProject();
  const events = useProjectEvents();
  const { compose, attach } = useWorkbenchActions();
  const { api } = useServices();
  const queries = useQueryClient();
  const root = useRef<HTMLDivElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [directory, setDirectory] = useState<string>();
  const [type, setType] = useState<AssetFileType>();
  const [text, setText] = useState("");
  const [layout, setLayout] = useState(() => readStored(localStorage, layoutKey, isLayout) ?? "grid");
  const [openId, setOpenId] = useState<string>();
  const [placed, setPlaced] = useState<Asset>();
  const q = useDeferredValue(text.trim());

  const view = { directory, file_type: type, q };
  const list = useInfiniteQuery({ ...assetsQuery(api, project.id, view), enabled: events.isSettled });
  const directories = useProjectQuery(directoriesQuery(api, project.id)).data ?? [];
  const refresh = useHandler(() => queries.invalidateQueries({ queryKey: assetsKey(project.id) }));
  useQuietProject(isFileChange, settleMs, () => void refresh());

  const uploads = useAssetUploads(project.id, () => void refresh());
  const target = directory ?? "/public";
  const send = useHandler((files: File[]) => uploads.add(files, target));
  const { isOver } = useDroppedFiles(root, send);
  usePastedFiles(send);

  const params = { id: project.id };
  const deletes = useUndoableDeletes<Asset>({
    said: (name) => `${name} deleted.`,
    send: async (asset, options) => {
      await api.assets.remove({ params: { ...params, asset_id: asset.id } }, options);
      await refresh();
    },
  });
  const actions: AssetActions = {
    open: (asset) => setOpenId(asset.id),
    place: setPlaced,
    copy: (copied, done) =>
      void navigator.clipboard.writeText(copied).then(
        () => toast(done),
        () => toast("Couldn't copy. Your browser denied access to the clipboard.", { kind: "failed" }),
      ),
    mention: (asset) => {
      setOpenId(undefined);
      compose(`Use ${asset.path} `);
    },
    attach: async (asset) => {
      setOpenId(undefined);
      try {
        const response = await api.assets.file({ params: { ...params, asset_id: asset.id }, query: {} });
        attach([new File([await response.blob()], asset.filename, { type: asset.mime_type })]);
      } catch (error) {
        toastError(error, { before: `Couldn't attach ${asset.filename}.` });
      }
    },
    download: (asset) => {
      const link = document.createElement("a");
      link.href = asset.url;
      link.download = asset.filename;
      link.click();
    },
    remove: (asset) => {
      setOpenId(undefined);
      deletes.remove(asset, asset.filename);
    },
  };
  const choose = () => picker.current?.click();

  const all = list.data?.pages.flatMap((page) => page.items) ?? [];
  const assets = all.filter(({ id }) => !deletes.hidden.has(id));
  const opened = assets.find(({ id }) => id === openId);
  const folders = shownFolders(directories, directory);
  const total = directories.reduce((sum, known) => sum + known.asset_count, 0);
  const isNarrowed = q !== "" || type !== undefined || directory !== undefined;

  const kinds = (
    <Select
      size="sm"
      label="Asset type"
      value={type ?? everything}
      options={[
        { value: everything, label: "All types" },
        ...(["image", "video", "audio", "font", "document"] as const).map((value) => ({ value, label: assetTypeLooks[value].label })),
      ]}
      onChange={(value) => setType(value === everything ? undefined : (value as AssetFileType))}
    />
  );

  return (
    <div ref={root} role="region" aria-label="Assets" className="relative flex min-h-0 flex-1 flex-col">
      <Bar label="Assets" className="gap-2 px-3">
        <Input
          size="sm"
          isSoft
          type="search"
          aria-label="Search assets"
          placeholder="Search assets"
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.target.value)}
          leading={<Search size={14} className="flex-none text-fg-2" />}
          boxClassName="max-w-56 min-w-0"
        />
        <span className="w-32 flex-none narrow:hidden">{kinds}</span>
        <span className="flex-1" />
        <span className="narrow:hidden">
          <SegmentedControl
            label="Layout"
            value={layout}
            onChange={(next) => {
              setLayout(next);
              writeStored(localStorage, layoutKey, next);
            }}
            segments={[
              { value: "grid", label: "Grid", icon: <LayoutGrid size={14} /> },
              { value: "list", label: "List", icon: <List size={14} /> },
            ]}
          />
        </span>
        <Button icon={<Upload size={14} />} onClick={choose}>
          Upload
        </Button>
        <input
          ref={picker}
          type="file"
          multiple
          accept={accepted}
          aria-label="Assets to upload"
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            send([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
      </Bar>
      <div className="hidden grid-cols-2 gap-2 px-3 pt-1 pb-2 narrow:grid">
        {kinds}
        <Select
          size="sm"
          label="Folder"
          value={directory ?? everything}
          options={[{ value: everything, label: "All folders" }, ...folders.map((f) => ({ value: f.directory, label: f.directory }))]}
          onChange={(value) => setDirectory(value === everything ? undefined : value)}
        />
      </div>
      <div className="flex min-h-0 flex-1 border-t border-line-0">
        <FolderList
          folders={folders}
          total={total}
          current={directory}
          onChoose={setDirectory}
          onCreate={async (path) => {
            const made = await api.assets.createDirectory({ params, body: { directory: path } });
            await refresh();
            setDirectory(made.directory);
          }}
        />
        <div className="scroll-y min-h-0 min-w-0 flex-1 p-3">
          {list.isPending ? (
            <div role="status" aria-label="Loading assets…" className="grid grid-cols-[repeat(auto-fill,minmax(148px,1fr))] gap-2.5">
              {Array.from({ length: 8 }, (_, index) => (
                <Skeleton key={index} className="h-40" />
              ))}
            </div>
          ) : list.error && all.length === 0 ? (
            <LoadFailed title="Couldn't load assets" of={list} />
          ) : assets.length > 0 ? (
            layout === "grid" ? (
              <AssetGrid assets={assets} actions={actions} />
            ) : (
              <AssetRows assets={assets} actions={actions} />
            )
          ) : isNarrowed ? (
            <EmptyState
              title={q !== "" ? `No results for “${q}”` : type !== undefined ? "No results" : `No assets in ${directory}`}
              action={
                q === "" && type === undefined ? (
                  <Button icon={<Upload size={14} />} onClick={choose}>
                    Upload files
                  </Button>
                ) : (
                  <Button
                    onClick={() => {
                      setText("");
                      setType(undefined);
                    }}
                  >
                    Clear filters
                  </Button>
                )
              }
            >
              {q === "" && type === undefined ? "Drop files here or paste an image." : "Try another name, type or folder."}
            </EmptyState>
          ) : (
            <EmptyState
              title="No assets yet"
              className="m-auto max-w-lg rounded-3 border border-dashed border-line-1"
              action={
                <Button icon={<Upload size={14} />} onClick={choose}>
                  Upload files
                </Button>
              }
            >
              Drop images, video, audio, fonts or PDFs here, or paste an image. Files can be up to {formatByteLimit(maxAssetBytes)} and are
              saved to <code>{target.slice(1)}</code>.
            </EmptyState>
          )}
          <ShowMore of={list} />
        </div>
      </div>
      <UploadTray uploads={uploads.list} onRetry={uploads.retry} onRemove={uploads.remove} />
      {isOver ? (
        <div className="pointer-events-none absolute inset-2 grid place-items-center rounded-3 border-2 border-dashed border-fg-0 bg-bg-1">
          <p className="text-md text-fg-0">
            Drop to upload to <code>{target}</code>
          </p>
        </div>
      ) : null}
      {opened ? <AssetSheet asset={opened} actions={actions} onClose={() => setOpenId(undefined)} /> : null}
      {placed ? (
        <MoveAssetDialog
          key={placed.id}
          asset={placed}
          directories={directories}
          onClose={() => setPlaced(undefined)}
          onSave={async (change) => {
            await api.assets.update({ params: { ...params, asset_id: placed.id }, body: change });
            await refresh();
          }}
        />
      ) : null}
    </div>
  );
}
