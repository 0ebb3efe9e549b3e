import { Download } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { fileNameOf } from "../../lib/file-tree.ts";
import { mediaOf, type Media } from "../../lib/media.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { rawUrlOf, readBytes } from "./files.api.ts";

/** Larger files are not loaded into the page. */
const mostBytes = 64 * 1024 * 1024;

/** A file that is not text: previewed if the browser can, and always available as a download. */
export function MediaView({ projectId, path, size }: { projectId: string; path: string; size: number }) {
  const media = mediaOf(path);
  const download = <DownloadButton projectId={projectId} path={path} />;
  if (!media || size > mostBytes)
    return (
      <EmptyState title={media ? `${fileNameOf(path)} is too large to preview` : `${fileNameOf(path)} has no preview`} action={download}>
        {formatBytes(size)}
      </EmptyState>
    );
  return <Shown projectId={projectId} path={path} media={media} size={size} />;
}

/** Downloads the file. */
export function DownloadButton({ projectId, path }: { projectId: string; path: string }) {
  return (
    <Button asChild icon={<Download size={14} />}>
      <a href={rawUrlOf(projectId, path)} download={fileNameOf(path)}>
        Download
      </a>
    </Button>
  );
}

type Loaded = { url: string; bytes: ArrayBuffer } | { failure: string };

function Shown({ projectId, path, media, size }: { projectId: string; path: string; media: Media; size: number }) {
  const { api } = useServices();
  const [loaded, setLoaded] = useState<Loaded>();
  const [facts, setFacts] = useState<string>();
  useEffect(() => {
    const abort = new AbortController();
    let url: string | undefined;
    readBytes(api, projectId, path, abort.signal).then(
      (bytes) => {
        if (abort.signal.aborted) return;
        url = URL.createObjectURL(new Blob([bytes], { type: media.type }));
        setLoaded({ url, bytes });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setLoaded({ failure: sentenceOf(error) });
      },
    );
    return () => {
      abort.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [api, projectId, path, media.type]);
  if (!loaded) return <SkeletonRows count={3} label={`Loading ${fileNameOf(path)}…`} className="p-6" />;
  if ("failure" in loaded) return <ErrorState title={`Couldn't load ${fileNameOf(path)}`}>{loaded.failure}</ErrorState>;
  return (
    <figure className="scroll-y grid min-h-0 flex-1 place-items-center content-center gap-3 p-6">
      {media.kind === "image" ? (
        <img
          src={loaded.url}
          alt={path}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setFacts(`${naturalWidth} × ${naturalHeight}`)}
          className="max-h-full max-w-full rounded-2 border border-line-0 bg-[repeating-conic-gradient(var(--bg-2)_0_25%,var(--bg-1)_0_50%)] bg-[length:16px_16px]"
        />
      ) : media.kind === "audio" ? (
        // The person's own file: there are no captions.
        // oxlint-disable-next-line jsx-a11y/media-has-caption
        <audio src={loaded.url} controls aria-label={path} className="w-full max-w-md" />
      ) : media.kind === "video" ? (
        // oxlint-disable-next-line jsx-a11y/media-has-caption
        <video src={loaded.url} controls aria-label={path} className="max-h-full max-w-full rounded-2 border border-line-0" />
      ) : (
        <FontSample bytes={loaded.bytes} />
      )}
      <figcaption className="flex items-center gap-3 text-xs text-fg-2">
        <span className="num">{[facts, formatBytes(size)].filter(Boolean).join(" · ")}</span>
        <DownloadButton projectId={projectId} path={path} />
      </figcaption>
    </figure>
  );
}

const sample = "The quick brown fox jumps over the lazy dog. Voix ambiguë d’un cœur. 0123456789";

/** Sample lines in the font. */
function FontSample({ bytes }: { bytes: ArrayBuffer }) {
  const family = `sample-${useId().replaceAll(/\W/g, "")}`;
  const [state, setState] = useState<"loading" | "shown" | "broken">("loading");
  useEffect(() => {
    const face = new FontFace(family, bytes);
    let isGone = false;
    face.load().then(
      () => {
        if (isGone) return;
        document.fonts.add(face);
        setState("shown");
      },
      () => {
        if (!isGone) setState("broken");
      },
    );
    return () => {
      isGone = true;
      document.fonts.delete(face);
    };
  }, [family, bytes]);
  if (state === "broken") return <p className="text-err">Your browser can't display this font.</p>;
  return (
    <div style={{ fontFamily: state === "shown" ? `"${family}"` : undefined }} className="grid max-w-xl gap-2 text-fg-0">
      {[14, 20, 32, 48].map((px) => (
        <p key={px} style={{ fontSize: px, lineHeight: 1.25 }}>
          {sample}
        </p>
      ))}
    </div>
  );
}
