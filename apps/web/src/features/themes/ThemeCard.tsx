import { Check, Copy, Ellipsis, Eye, EyeOff, Pencil, Store, Trash2 } from "lucide-react";
import { cx } from "../../lib/cx.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu, type MenuEntry } from "../../ui/Menu.tsx";
import type { ThemeTile } from "./themes.queries.ts";

export interface ThemeCardProps {
  tile: ThemeTile;
  isApplied: boolean;
  /** One card of a group is reached by Tab. */
  isTabStop: boolean;
  onApply: () => void;
  onPreview: () => void;
  onPreviewEnd: () => void;
  onCopy: () => void;
  onEdit: () => void;
  onDelete: () => void;
  /** Also edits the listing of a published one. */
  onPublish: () => void;
  onUnpublish: () => void;
  onView: () => void;
  onRemove: () => void;
}

/** What can be done with a theme, by where it comes from. */
function entriesOf({ tile, onCopy, onEdit, onDelete, onPublish, onUnpublish, onView, onRemove }: ThemeCardProps): MenuEntry[] {
  const view = { label: "View in store", icon: <Store size={14} />, onSelect: onView };
  const customize = { label: "Customize theme", icon: <Pencil size={14} />, onSelect: onCopy };
  if (tile.origin === "bundled") return [customize];
  if (tile.origin === "library")
    return [view, customize, "-", { label: "Remove from library", icon: <Trash2 size={14} />, onSelect: onRemove }];
  return [
    { label: "Edit", icon: <Pencil size={14} />, onSelect: onEdit },
    { label: "Duplicate", icon: <Copy size={14} />, onSelect: onCopy },
    "-",
    ...(tile.isPublished
      ? [
          view,
          { label: "Edit listing…", icon: <Eye size={14} />, onSelect: onPublish },
          { label: "Unpublish", icon: <EyeOff size={14} />, onSelect: onUnpublish },
        ]
      : [{ label: "Publish…", icon: <Eye size={14} />, onSelect: onPublish }]),
    "-",
    {
      label: "Delete",
      icon: <Trash2 size={14} />,
      isDanger: true,
      onSelect: onDelete,
      ...(tile.isPublished && { isDisabled: true, hint: "Unpublish first" }),
    },
  ];
}

/** A theme as a card: its four swatches as a window, its name and its actions. */
export function ThemeCard(props: ThemeCardProps) {
  const { tile, isApplied, isTabStop, onApply, onPreview, onPreviewEnd } = props;
  const { swatches } = tile;
  return (
    <div className="group relative min-w-0">
      <button
        type="button"
        role="radio"
        aria-checked={isApplied}
        aria-label={tile.name}
        tabIndex={isTabStop ? 0 : -1}
        title={tile.description ?? undefined}
        onClick={onApply}
        // Not on enter: a page that opens under a resting pointer must not change its theme.
        onPointerMove={(event) => event.pointerType === "mouse" && (event.movementX !== 0 || event.movementY !== 0) && onPreview()}
        onPointerLeave={onPreviewEnd}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && onPreview()}
        onBlur={onPreviewEnd}
        className="block w-full rounded-3 pb-1 text-left"
      >
        <span
          className={cx(
            "relative block overflow-hidden rounded-3 border transition-colors forced-color-adjust-none",
            isApplied ? "border-brand-line ring-1 ring-brand-line" : "border-line-1 group-hover:border-fg-2",
          )}
          style={{ background: swatches.background }}
        >
          <span aria-hidden="true" className="flex h-18 gap-1.5 p-2">
            <span className="h-full w-2.5 flex-none rounded-1" style={{ background: swatches.surface }} />
            <span className="grid min-w-0 flex-1 content-start gap-1.5 rounded-1 p-2" style={{ background: swatches.surface }}>
              <span className="h-1.5 w-3/5 rounded-1" style={{ background: swatches.primary }} />
              <span className="h-1.5 w-4/5 rounded-1" style={{ background: swatches.accent }} />
              <span className="mt-1 h-3 w-8 rounded-1" style={{ background: swatches.primary }} />
            </span>
          </span>
          {isApplied ? (
            <span className="absolute top-1.5 right-1.5 grid size-5 place-items-center rounded-4 bg-brand text-on-brand">
              <Check size={14} aria-hidden="true" />
            </span>
          ) : null}
        </span>
        <span className="mt-1 block pr-8 pl-0.5">
          <span className="block truncate text-sm text-fg-0" title={tile.name}>
            {tile.name}
          </span>
          <span className="block truncate text-xs text-fg-2">
            {tile.origin === "own" ? (tile.isPublished ? "You, published" : "You") : tile.author}
          </span>
        </span>
      </button>
      <span className="absolute right-0 bottom-2">
        <Menu
          align="end"
          trigger={
            <IconButton label={`Actions for ${tile.name}`} size="sm">
              <Ellipsis />
            </IconButton>
          }
          entries={entriesOf(props)}
        />
      </span>
    </div>
  );
}
