import type { MessageAttachment } from "@tesslate/contract";
import { useState, useSyncExternalStore } from "react";
import { sentenceOf } from "../../../lib/errors.ts";
import { useHandler } from "../../../lib/use-handler.ts";
import { useServices } from "../../../project/services.ts";
import { createAttachmentDrafts, type AttachmentDrafts, type DraftAttachment } from "./attachment-drafts.ts";
import type { ElementFiles } from "./element-files.ts";
import { fitForModels } from "./fit-for-models.ts";

/** One per composer of this page; a collapsed chat keeps its attachments. */
const drafts = new Map<string, AttachmentDrafts>();
function draftsOf(key: string): AttachmentDrafts {
  let found = drafts.get(key);
  if (!found) drafts.set(key, (found = createAttachmentDrafts({ sentenceOf })));
  return found;
}

export interface ComposerAttachments {
  list: readonly DraftAttachment[];
  isUploading: boolean;
  hasFailed: boolean;
  hasImages: boolean;
  /** Returns an error sentence if there were too many. */
  add: (files: readonly File[]) => string | undefined;
  addText: (text: string) => string | undefined;
  /** Attaches an element that was picked in the preview; its image only for models that support images. */
  addElement: (files: ElementFiles, canSee: boolean) => string | undefined;
  remove: (key: string) => void;
  removeImages: () => void;
  retry: (key: string) => void;
  take: () => MessageAttachment[];
  give: (ready: readonly MessageAttachment[]) => void;
}

/** The attachments of the next message of a chat. */
export function useAttachments(projectId: string, chatId: string | undefined): ComposerAttachments {
  const upload = useUpload();
  return useDraftsOf(`${projectId}:${chatId ?? "new"}`, (...given) => upload(projectId, ...given));
}

/** The attachments of the first message of a project that is not created yet: held in the browser until `upload`. */
export function useHeldAttachments(): ComposerAttachments & { upload: () => Promise<MessageAttachment[] | undefined> } {
  const uploadOne = useUpload();
  const upload: Upload = (...given) => uploadOne(undefined, ...given);
  const [hasBegun, setHasBegun] = useState(false);
  return {
    ...useDraftsOf("home", hasBegun ? upload : undefined),
    /** Resolves with all attachments, or with undefined if an upload failed. The failed one shows its error and can be retried. */
    upload: async () => {
      setHasBegun(true);
      const drafts = draftsOf("home");
      return (await drafts.uploadHeld(upload)) ? drafts.list().flatMap(({ done }) => done ?? []) : undefined;
    },
  };
}

type Upload = (file: File, onShare: (share: number) => void, signal: AbortSignal) => Promise<MessageAttachment>;

/** Without a project: for the first message of one that is still to be created. */
function useUpload(): (projectId: string | undefined, ...given: Parameters<Upload>) => Promise<MessageAttachment> {
  const { uploading } = useServices();
  return useHandler(async (projectId: string | undefined, file: File, onShare: (share: number) => void, signal: AbortSignal) => {
    const form = new FormData();
    form.append("file", await fitForModels(file), file.name);
    return uploading(onShare).attachments.upload({ query: { ...(projectId && { project_id: projectId }) }, form }, { signal });
  });
}

function useDraftsOf(key: string, upload: Upload | undefined): ComposerAttachments {
  const { api } = useServices();
  const store = draftsOf(key);
  const list = useSyncExternalStore(store.subscribe, store.list);
  const remove = useHandler((one: string) => {
    const done = store.remove(one);
    // The server keeps attachments of messages, and deletes unused ones after a day anyway.
    if (done) void api.attachments.remove({ params: { attachment_id: done.id } }).catch(() => undefined);
  });
  return {
    list,
    isUploading: list.some((one) => !one.done && !one.failure && !one.isHeld),
    hasFailed: list.some((one) => one.failure !== undefined),
    hasImages: list.some((one) => (one.done ? one.done.kind === "image" : one.isImage)),
    add: (files) => store.add(files, upload),
    addText: (text) => store.add([new File([text], store.pasteName(), { type: "text/plain" })], upload),
    addElement: ({ label, description, picture }, canSee) => {
      const problem = store.add([description], upload, label);
      return picture && canSee ? (store.add([picture], upload) ?? problem) : problem;
    },
    remove,
    removeImages: () => {
      for (const one of list) if (one.done ? one.done.kind === "image" : one.isImage) remove(one.key);
    },
    retry: (one) => {
      if (upload) store.retry(one, upload);
    },
    take: store.take,
    give: store.give,
  };
}
