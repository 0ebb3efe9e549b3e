import type { MessageAttachment } from "@tesslate/contract";
import { useSyncExternalStore } from "react";
import { sentenceOf } from "../../../lib/errors.ts";
import { useHandler } from "../../../lib/use-handler.ts";
import { useServices } from "../../workbench/services.ts";
import { createAttachmentDrafts, type AttachmentDrafts, type DraftAttachment } from "./attachment-drafts.ts";
import type { ElementFiles } from "./element-files.ts";
import { fitForModels } from "./fit-for-models.ts";

/** One per composer of this page; a folded conversation keeps what was attached. */
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
  /** Answers a sentence when some were left out. */
  add: (files: readonly File[]) => string | undefined;
  addText: (text: string) => string | undefined;
  /** What was pointed at in the preview; its picture only for models that see. */
  addElement: (files: ElementFiles, canSee: boolean) => string | undefined;
  remove: (key: string) => void;
  removeImages: () => void;
  retry: (key: string) => void;
  take: () => MessageAttachment[];
  give: (ready: readonly MessageAttachment[]) => void;
}

/** What goes with the next message of a session. */
export function useAttachments(projectId: string, chatId: string | undefined): ComposerAttachments {
  const { api, uploading } = useServices();
  const store = draftsOf(`${projectId}:${chatId ?? "new"}`);
  const list = useSyncExternalStore(store.subscribe, store.list);
  const upload = useHandler(async (file: File, onShare: (share: number) => void, signal: AbortSignal): Promise<MessageAttachment> => {
    const form = new FormData();
    form.append("file", await fitForModels(file), file.name);
    return uploading(onShare).attachments.upload({ query: { project_id: projectId }, form }, { signal });
  });
  const remove = useHandler((key: string) => {
    const done = store.remove(key);
    // One that a message uses stays on the server; the rest would go by itself in a day.
    if (done) void api.attachments.remove({ params: { attachment_id: done.id } }).catch(() => undefined);
  });
  return {
    list,
    isUploading: list.some((one) => !one.done && !one.failure),
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
    retry: (key) => store.retry(key, upload),
    take: store.take,
    give: store.give,
  };
}
