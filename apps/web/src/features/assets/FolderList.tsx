import { Folder, FolderPlus, Images } from "lucide-react";
import type { AssetDirectory } from "@tesslate/contract";
import { useState } from "react";
import { cx } from "../../lib/cx.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";

const usual = new Set(["/public", "/src/assets", "/assets", "/static", "/images"]);

/** Folders with assets, and the usual folders for them. */
export const shownFolders = (directories: readonly AssetDirectory[], current: string | undefined): AssetDirectory[] =>
  directories.filter(({ directory, asset_count }) => asset_count > 0 || usual.has(directory) || directory === current);

/** Folders next to the assets; narrow screens have a select instead. */
export function FolderList({
  folders,
  total,
  current,
  onChoose,
  onCreate,
}: {
  folders: readonly AssetDirectory[];
  total: number;
  current: string | undefined;
  onChoose: (directory: string | undefined) => void;
  onCreate: (directory: string) => Promise<unknown>;
}) {
  const row = (label: string, count: number, isCurrent: boolean, choose: () => void, icon: typeof Folder) => {
    const Icon = icon;
    return (
      <li key={label}>
        <button
          type="button"
          aria-current={isCurrent ? "true" : undefined}
          onClick={choose}
          className={cx(
            "flex h-7 w-full items-center gap-2 rounded-2 px-2 text-xs hover:bg-bg-2",
            isCurrent ? "bg-bg-3 font-medium text-fg-0" : "text-fg-1",
          )}
        >
          <Icon size={14} className="flex-none text-fg-2" />
          <span className={cx("min-w-0 flex-1 truncate", label.startsWith("/") && "font-mono text-2xs")} title={label}>
            {label}
          </span>
          <span className="num text-2xs text-fg-2">{count}</span>
        </button>
      </li>
    );
  };
  return (
    <nav aria-label="Folders" className="scroll-y w-48 flex-none border-r border-line-0 p-2 mid:w-40 narrow:hidden">
      <ul className="grid gap-px">
        {row("All folders", total, current === undefined, () => onChoose(undefined), Images)}
        {folders.map(({ directory, asset_count }) => row(directory, asset_count, directory === current, () => onChoose(directory), Folder))}
      </ul>
      <NewFolder under={current ?? "/public"} onCreate={onCreate} />
    </nav>
  );
}

function NewFolder({ under, onCreate }: { under: string; onCreate: (directory: string) => Promise<unknown> }) {
  const [path, setPath] = useState<string>();
  const { errors, onSubmit } = useSubmission(["directory"], {
    submit: async () => {
      await onCreate(path ?? "");
      setPath(undefined);
    },
    errorField: "directory",
  });
  if (path === undefined)
    return (
      <Button
        size="sm"
        variant="ghost"
        className="mt-1"
        icon={<FolderPlus size={14} />}
        onClick={() => setPath(`${under === "/" ? "" : under}/`)}
      >
        New folder
      </Button>
    );
  return (
    <form className="mt-2 grid gap-1.5" onSubmit={onSubmit} noValidate>
      <Field label={<span className="text-xs">New folder</span>} error={errors.directory}>
        <Input
          size="sm"
          autoFocus
          className="font-mono text-xs"
          value={path}
          maxLength={1000}
          onChange={(event) => setPath(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && setPath(undefined)}
        />
      </Field>
      <div className="flex gap-1.5">
        <Button size="sm" type="submit" disabled={path.replaceAll("/", "").trim() === ""}>
          Create folder
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setPath(undefined)}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
