import { useState } from "react";
import { cx } from "../../../lib/cx.ts";
import { PictureDialog } from "./PictureDialog.tsx";
import { pictureTexts, type PictureKind, type ShownPicture } from "./pictures.ts";

/** Thumbnails that open in full size. */
export function Pictures({ pictures, kind }: { pictures: readonly ShownPicture[]; kind: PictureKind }) {
  const [shown, setShown] = useState<number>();
  const texts = pictureTexts[kind];
  return (
    <>
      <ul aria-label={texts.list} className="flex flex-wrap gap-2">
        {pictures.map((picture, index) => (
          <li key={picture.id} className="w-37.5 narrow:w-[calc(50%-4px)]">
            <button
              type="button"
              onClick={() => setShown(index)}
              className="group block w-full rounded-2 text-left"
              aria-label={texts.open(picture)}
            >
              <Thumbnail picture={picture} alt={texts.alt(picture)} />
              <span className="mt-1 block truncate text-2xs text-fg-2 group-hover:text-fg-0">{picture.label}</span>
            </button>
          </li>
        ))}
      </ul>
      <PictureDialog pictures={pictures} kind={kind} index={shown} onIndex={setShown} />
    </>
  );
}

function Thumbnail({ picture: { url, width, height }, alt }: { picture: ShownPicture; alt: string }) {
  const [isGone, setIsGone] = useState(false);
  const box = "block h-23.5 w-full rounded-2 border border-line-0 bg-bg-2 group-hover:border-line-1";
  if (isGone) return <span className={cx(box, "grid place-items-center text-2xs text-fg-2")}>No longer available</span>;
  return (
    <img
      src={url}
      alt={alt}
      loading="lazy"
      decoding="async"
      onError={() => setIsGone(true)}
      className={cx(box, (height ?? 0) > (width ?? 0) ? "object-contain" : "object-cover object-top")}
    />
  );
}
