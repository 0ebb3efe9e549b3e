import { useRef, useState } from "react";
import { ApiError } from "@tesslate/client/core";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { batchesOf, type Incoming } from "./incoming.ts";

export interface FileUpload {
  id: number;
  folder: string;
  files: readonly Incoming[];
  /** 0 to 1, over all files. */
  share: number;
  /** Why it failed; it can be retried. */
  failure?: string | undefined;
  /** Existing files that would be replaced. */
  taken?: readonly string[] | undefined;
}
export interface Uploads {
  list: readonly FileUpload[];
  /** Into a folder of the project; "" is the project root. */
  add: (files: readonly Incoming[], folder: string) => void;
  retry: (id: number, options?: { overwrite: boolean }) => void;
  /** Cancels it, or removes it if it failed. Uploaded files are kept. */
  dismiss: (id: number) => void;
}

/** Uploads of this page, with progress and failure. Finished ones are removed from the list. */
export function useFileUploads(projectId: string): Uploads {
  const { uploading } = useServices();
  const [list, setList] = useState<readonly FileUpload[]>([]);
  const count = useRef(0);
  const running = useRef(new Map<number, AbortController>());
  /** How many batches of an upload are complete. */
  const done = useRef(new Map<number, number>());
  const patch = (id: number, change: Partial<FileUpload>) =>
    setList((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one)));
  const forget = (id: number) => setList((all) => all.filter((one) => one.id !== id));

  const run = useHandler(async (upload: FileUpload, overwrite: boolean) => {
    const { id, folder, files } = upload;
    const abort = new AbortController();
    running.current.set(id, abort);
    const batches = batchesOf(files);
    const total = files.reduce((sum, { file }) => sum + file.size, 0) || 1;
    const sizeOf = (batch: readonly Incoming[]) => batch.reduce((sum, { file }) => sum + file.size, 0);
    try {
      for (const [index, batch] of batches.entries()) {
        if (index < (done.current.get(id) ?? 0)) continue;
        const before = batches.slice(0, index).reduce((sum, earlier) => sum + sizeOf(earlier), 0);
        const form = new FormData();
        for (const { path, file } of batch) form.append("file", file, path);
        await uploading((share) => patch(id, { share: (before + share * sizeOf(batch)) / total })).files.upload(
          { params: { id: projectId }, query: { ...(folder && { directory: folder }), overwrite }, form },
          { signal: abort.signal },
        );
        done.current.set(id, index + 1);
      }
      forget(id);
    } catch (error) {
      if (abort.signal.aborted) return;
      const taken = error instanceof ApiError && error.code === "conflict" ? (error.details?.["paths"] as string[] | undefined) : undefined;
      patch(id, { failure: sentenceOf(error), taken });
    } finally {
      running.current.delete(id);
    }
  });
  return {
    list,
    add: (files, folder) => {
      if (files.length === 0) return;
      const upload: FileUpload = { id: ++count.current, folder, files, share: 0 };
      setList((all) => [...all, upload]);
      void run(upload, false);
    },
    retry: (id, { overwrite } = { overwrite: false }) => {
      const upload = list.find((one) => one.id === id);
      if (!upload) return;
      patch(id, { failure: undefined, taken: undefined });
      void run(upload, overwrite);
    },
    dismiss: (id) => {
      running.current.get(id)?.abort();
      forget(id);
    },
  };
}
