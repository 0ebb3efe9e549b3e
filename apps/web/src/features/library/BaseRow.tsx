import { Link } from "@tanstack/react-router";
import { Box, Trash2 } from "lucide-react";
import { useState } from "react";
import type { LibraryBase } from "@tesslate/contract";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { toastWithUndo, toastError } from "../../ui/toast.tsx";
import { ItemThumbnail, useAcquire, useRemoveFromLibrary, UseBaseDialog } from "../marketplace/index.ts";

/** One template of the library. */
export function BaseRow({ base }: { base: LibraryBase }) {
  const remove = useRemoveFromLibrary("bases");
  const acquire = useAcquire("bases");
  const [isUsing, setIsUsing] = useState(false);
  return (
    <li className="flex flex-wrap items-center gap-3 py-3">
      <ItemThumbnail of={{ ...base, item_type: "base" }} />
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Link to="/marketplace/base/$slug" params={{ slug: base.slug }} className="truncate font-medium text-fg-0 hover:underline">
            {base.name}
          </Link>
          {base.is_owner ? <Pill>{base.visibility === "public" ? "Yours, public" : "Yours"}</Pill> : null}
        </p>
        <p className="line-clamp-1 text-xs text-fg-2">{base.tech_stack.length > 0 ? base.tech_stack.join(", ") : base.description}</p>
      </div>
      <Button size="sm" icon={<Box size={14} />} onClick={() => setIsUsing(true)} aria-label={`Use ${base.name}`}>
        Use
      </Button>
      <IconButton
        size="sm"
        label={`Remove ${base.name}`}
        disabled={remove.isPending}
        onClick={() =>
          remove.mutate(base.id, {
            onSuccess: () => toastWithUndo(`${base.name} removed from your library.`, () => acquire.mutateAsync(base.id)),
            onError: (error) => toastError(error),
          })
        }
      >
        <Trash2 size={14} />
      </IconButton>
      {isUsing ? <UseBaseDialog base={base} version={null} onClose={() => setIsUsing(false)} /> : null}
    </li>
  );
}
