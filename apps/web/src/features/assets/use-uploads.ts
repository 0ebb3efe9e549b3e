import { useEffect, useState, useSyncExternalStore } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { createUploads } from "./uploads.ts";

/** Uploads of a project's assets. Leaving the view cancels pending ones; leaving the page asks first. */
export function useAssetUploads(projectId: string, onArrived: (name: string) => void) {
  const { uploading } = useServices();
  const arrived = useHandler(onArrived);
  const [uploads] = useState(() =>
    createUploads(async (file, directory, signal, onProgress) => {
      const form = new FormData();
      form.append("directory", directory);
      form.append("file", file, file.name);
      try {
        await uploading((share) => onProgress(share * file.size, file.size)).assets.upload({ params: { id: projectId }, form }, { signal });
      } catch (error) {
        throw new Error(sentenceOf(error), { cause: error });
      }
    }, arrived),
  );
  const list = useSyncExternalStore(uploads.subscribe, uploads.read);
  const isBusy = list.some(({ state }) => state === "waiting" || state === "sending");
  useEffect(() => {
    if (!isBusy) return undefined;
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", onUnload);
    return () => removeEventListener("beforeunload", onUnload);
  }, [isBusy]);
  return { list, add: uploads.add, retry: uploads.retry, remove: uploads.remove };
}
