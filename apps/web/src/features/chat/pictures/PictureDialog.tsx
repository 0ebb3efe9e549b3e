import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect } from "react";
import { useHandler } from "../../../lib/use-handler.ts";
import { Dialog } from "../../../ui/Dialog.tsx";
import { IconButton } from "../../../ui/IconButton.tsx";
import { pictureTexts, type PictureKind, type ShownPicture } from "./pictures.ts";

/** A picture in full size. Arrow keys show the previous and the next one. */
export function PictureDialog({
  pictures,
  kind,
  index,
  onIndex,
}: {
  pictures: readonly ShownPicture[];
  kind: PictureKind;
  index: number | undefined;
  onIndex: (index: number | undefined) => void;
}) {
  const texts = pictureTexts[kind];
  const picture = index === undefined ? undefined : pictures[index];
  const at = index ?? 0;
  const go = (step: number) => {
    const next = at + step;
    if (next >= 0 && next < pictures.length) onIndex(next);
  };
  const onKey = useHandler((event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });
  const isOpen = picture !== undefined;
  useEffect(() => {
    if (!isOpen) return undefined;
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isOpen, onKey]);
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={(opens) => !opens && onIndex(undefined)}
      title={picture?.label ?? ""}
      description={picture ? texts.description(picture) : undefined}
      width="3xl"
    >
      {picture ? (
        <div className="grid gap-3">
          {pictures.length > 1 ? (
            <div className="flex items-center gap-2 text-xs text-fg-2">
              <IconButton size="sm" label={texts.previous} disabled={at === 0} onClick={() => go(-1)}>
                <ChevronLeft size={14} />
              </IconButton>
              <span className="num">
                {at + 1} of {pictures.length}
              </span>
              <IconButton size="sm" label={texts.next} disabled={at === pictures.length - 1} onClick={() => go(1)}>
                <ChevronRight size={14} />
              </IconButton>
            </div>
          ) : null}
          <img
            src={picture.url}
            alt={texts.alt(picture)}
            width={picture.width ?? undefined}
            height={picture.height ?? undefined}
            className="mx-auto h-auto max-w-full rounded-2 border border-line-0"
          />
        </div>
      ) : null}
    </Dialog>
  );
}
