import { Link } from "@tanstack/react-router";
import { Eye, EyeOff, Trash2 } from "lucide-react";
import { Suspense, useState } from "react";
import type { OwnItem } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { ItemThumbnail, Rating } from "../marketplace/index.ts";
import { PublishThemeDialog, useThemeActions } from "../themes/index.ts";
import { useAgentMutations, useRemoveBase } from "./library.queries.ts";
import { usePublishBase } from "./use-publish-base.ts";

const words = { agent: "Agent", base: "Template", theme: "Theme" };
const deleteWords = { agent: "Delete agent", base: "Delete template", theme: "Delete theme" };

/** One item the user created: its ratings and installs; publish, unpublish, delete. */
export function OwnItemRow({ item }: { item: OwnItem }) {
  const { update, remove } = useAgentMutations();
  const removeBase = useRemoveBase();
  const publishBase = usePublishBase();
  const themeActions = useThemeActions();
  const [isDeleting, setIsDeleting] = useState(false);
  const [isListing, setIsListing] = useState(false);
  const isAgent = item.item_type === "agent";
  const isTheme = item.item_type === "theme";
  const isPending = update.isPending || publishBase.isPending || themeActions.update.isPending;
  const publish = (isPublished: boolean) => {
    const handlers = {
      onSuccess: () => toast(isPublished ? `${item.name} published.` : `${item.name} unpublished.`),
      onError: (error: unknown) => toastError(error),
    };
    // A theme is published from a dialog, which asks for what the store shows.
    if (isTheme) {
      if (isPublished) setIsListing(true);
      else themeActions.update.mutate({ id: item.id, body: { is_published: false } }, handlers);
    } else if (isAgent) update.mutate({ id: item.id, body: { is_published: isPublished } }, handlers);
    else publishBase.mutate({ id: item.id, isPublic: isPublished }, handlers);
  };
  return (
    <li className="flex flex-wrap items-center gap-3 py-3">
      <span className="flex w-14 flex-none justify-center">
        <ItemThumbnail of={item} />
      </span>
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          {item.item_type === "theme" ? (
            <Link to="/settings/look/$themeId" params={{ themeId: item.id }} className="truncate font-medium text-fg-0 hover:underline">
              {item.name}
            </Link>
          ) : isAgent ? (
            <Link to="/library/agents/$slug" params={{ slug: item.slug }} className="truncate font-medium text-fg-0 hover:underline">
              {item.name}
            </Link>
          ) : (
            <Link to="/marketplace/base/$slug" params={{ slug: item.slug }} className="truncate font-medium text-fg-0 hover:underline">
              {item.name}
            </Link>
          )}
          <Pill>{words[item.item_type]}</Pill>
          {item.is_admin_disabled ? (
            <Pill tone="warn">Disabled by an administrator</Pill>
          ) : item.is_published ? (
            <Pill tone="ok">Published</Pill>
          ) : null}
        </p>
        <p className="flex flex-wrap gap-x-3 text-xs text-fg-2">
          {isTheme ? null : <Rating rating={item.rating} count={item.reviews_count} />}
          <span className="num">{counted(item.downloads, "install")}</span>
          <span>
            Updated <RelativeTime at={item.updated_at} />
          </span>
        </p>
      </div>
      <Button
        size="sm"
        icon={item.is_published ? <EyeOff size={14} /> : <Eye size={14} />}
        isLoading={isPending}
        loadingWord={item.is_published ? "Unpublishing…" : "Publishing…"}
        onClick={() => publish(!item.is_published)}
      >
        {item.is_published ? "Unpublish" : isTheme ? "Publish…" : "Publish"}
      </Button>
      <IconButton
        size="sm"
        label={item.is_published ? `Delete ${item.name} (unpublish first)` : `Delete ${item.name}`}
        disabled={item.is_published}
        onClick={() => setIsDeleting(true)}
      >
        <Trash2 size={14} />
      </IconButton>
      {isListing ? (
        <Suspense fallback={null}>
          <PublishThemeDialog id={item.id} onClose={() => setIsListing(false)} />
        </Suspense>
      ) : null}
      <ConfirmDialog
        isOpen={isDeleting}
        onOpenChange={setIsDeleting}
        title={`Delete ${item.name}?`}
        confirmLabel={deleteWords[item.item_type]}
        loadingWord="Deleting…"
        isDanger
        {...(item.downloads > 1 && { typedConfirmation: item.name })}
        onConfirm={async () => {
          await (isTheme ? themeActions.remove : isAgent ? remove : removeBase).mutateAsync(item.id);
          toast(`${item.name} deleted.`);
        }}
      >
        This also removes it from all libraries. This can't be undone.
      </ConfirmDialog>
    </li>
  );
}
