import type { Asset } from "@tesslate/contract";
import { useEffect, useRef, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { Spinner } from "../../ui/Spinner.tsx";
import { assetTypeLooks } from "./asset-looks.tsx";

/** A checkerboard behind transparent images. */
const board = "bg-[repeating-conic-gradient(var(--bg-2)_0_25%,var(--bg-1)_0_50%)] bg-[length:16px_16px]";

/** Shown with `<img>`, so that an SVG runs no scripts. The query reloads a changed file. */
const addressOf = (asset: Asset) => `${asset.url}?v=${asset.file_size}-${asset.width ?? 0}-${asset.height ?? 0}`;

/** A small preview of an asset, for grid and list. */
export function Thumbnail({ asset, className }: { asset: Asset; className?: string }) {
  const [isBroken, setIsBroken] = useState(false);
  const isPicture = asset.file_type === "image" && !isBroken;
  return (
    <span className={cx("grid place-items-center overflow-hidden text-fg-2", isPicture ? board : "bg-bg-2", className)}>
      {isPicture ? (
        <img
          src={addressOf(asset)}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={() => setIsBroken(true)}
          className="max-h-full max-w-full object-contain"
        />
      ) : asset.file_type === "font" ? (
        <FontSample asset={asset} className="text-2xl leading-none" text="Aa" />
      ) : (
        <span className="[&_svg]:size-5">{assetTypeLooks[asset.file_type].icon}</span>
      )}
    </span>
  );
}

/** The whole asset, as the browser can show it. */
export function AssetPreview({ asset }: { asset: Asset }) {
  switch (asset.file_type) {
    case "image":
      return (
        <div className={cx("grid max-h-[46dvh] min-h-32 place-items-center overflow-hidden rounded-2 border border-line-0 p-3", board)}>
          <img src={addressOf(asset)} alt={asset.filename} className="max-h-[42dvh] max-w-full object-contain" />
        </div>
      );
    case "video":
      return (
        <video src={asset.url} controls preload="metadata" aria-label={asset.filename} className="max-h-[46dvh] w-full rounded-2 bg-bg-3">
          <track kind="captions" />
        </video>
      );
    case "audio":
      return (
        <audio src={asset.url} controls preload="metadata" aria-label={asset.filename} className="w-full">
          <track kind="captions" />
        </audio>
      );
    case "font":
      return (
        <div className="grid gap-3 rounded-2 border border-line-0 bg-bg-2 p-4 text-fg-0">
          <FontSample asset={asset} className="text-3xl leading-tight" text="Aa Bb 0123" />
          <FontSample asset={asset} className="text-lg leading-read" text="The quick brown fox jumps over the lazy dog." />
        </div>
      );
    case "document":
      return <DocumentFrame asset={asset} />;
    case "other":
      return null;
  }
}

/** The browser's own viewer. It takes the focus when it loads; the focus is returned unless the person moved it, so that Escape works. */
function DocumentFrame({ asset }: { asset: Asset }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    let isTabbing = false;
    const onKey = ({ key }: KeyboardEvent) => (isTabbing = key === "Tab");
    const onBlur = () => {
      const viewer = frame.current;
      if (document.activeElement !== viewer || !viewer || isTabbing || viewer.matches(":hover")) return;
      viewer.closest<HTMLElement>("[role=dialog]")?.focus({ preventScroll: true });
    };
    addEventListener("keydown", onKey, true);
    addEventListener("blur", onBlur);
    return () => {
      removeEventListener("keydown", onKey, true);
      removeEventListener("blur", onBlur);
    };
  }, []);
  return <iframe ref={frame} src={asset.url} title={asset.filename} className="h-[46dvh] w-full rounded-2 border border-line-0 bg-bg-2" />;
}

/** Text in the font, once it has loaded. */
function FontSample({ asset, text, className }: { asset: Asset; text: string; className: string }) {
  const family = `asset-${asset.id}`;
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  useEffect(() => {
    let isLeft = false;
    const face = new FontFace(family, `url(${JSON.stringify(addressOf(asset))})`);
    face.load().then(
      () => {
        if (isLeft) return;
        document.fonts.add(face);
        setState("ready");
      },
      () => !isLeft && setState("failed"),
    );
    return () => {
      isLeft = true;
      document.fonts.delete(face);
    };
  }, [family, asset]);
  if (state === "loading") return <Spinner word="Loading…" isQuiet />;
  if (state === "failed") return <span className="text-xs text-fg-2">Can't display this font</span>;
  return (
    <span className={cx("min-w-0 break-words", className)} style={{ fontFamily: `"${family}"` }}>
      {text}
    </span>
  );
}
