import { maxAttachmentBytes, maxAttachments, type MessageAttachment } from "@tesslate/contract";
import { formatByteLimit } from "../../../lib/bytes.ts";
import { counted } from "../../../lib/counted.ts";

/** A file that will be attached to the next message. */
export interface DraftAttachment {
  key: string;
  name: string;
  /** Shown instead of the name. */
  label?: string;
  size: number;
  isImage: boolean;
  /** Object URL of an image, shown until it is uploaded. */
  preview?: string;
  /** Not uploaded until `uploadHeld` is called. */
  isHeld?: boolean;
  /** 0 to 1 while it is being uploaded. */
  share: number;
  /** Why it could not be uploaded. */
  failure?: string;
  /** The upload can be retried. */
  isRetryable?: boolean;
  /** The uploaded attachment. */
  done?: MessageAttachment;
}
type Upload = (file: File, onShare: (share: number) => void, signal: AbortSignal) => Promise<MessageAttachment>;

/** A pasted text longer than this is attached as a file. */
export const longPasteChars = 2_000;

export type AttachmentDrafts = ReturnType<typeof createAttachmentDrafts>;
/** The attachments of one composer; they outlive its component. */
export function createAttachmentDrafts({ sentenceOf }: { sentenceOf: (error: unknown) => string }) {
  let list: readonly DraftAttachment[] = [];
  const files = new Map<string, File>();
  const running = new Map<string, AbortController>();
  const listeners = new Set<() => void>();
  let count = 0;
  let pasted = 0;
  const set = (next: readonly DraftAttachment[]) => {
    list = next;
    for (const listener of listeners) listener();
  };
  const patch = (key: string, change: Partial<DraftAttachment>) => set(list.map((one) => (one.key === key ? { ...one, ...change } : one)));
  const start = async (key: string, upload: Upload) => {
    const file = files.get(key);
    if (!file) return;
    const abort = new AbortController();
    running.set(key, abort);
    try {
      const done = await upload(file, (share) => patch(key, { share }), abort.signal);
      files.delete(key);
      patch(key, { share: 1, done });
    } catch (error) {
      if (!abort.signal.aborted) patch(key, { failure: sentenceOf(error), isRetryable: true });
    } finally {
      running.delete(key);
    }
  };
  const restart = (key: string, upload: Upload) => {
    set(
      list.map((one) => {
        const { failure: _, isHeld: __, ...rest } = one;
        return one.key === key ? { ...rest, share: 0 } : one;
      }),
    );
    return start(key, upload);
  };
  const forget = (keys: readonly string[]) => {
    for (const one of list.filter(({ key }) => keys.includes(key))) {
      running.get(one.key)?.abort();
      files.delete(one.key);
      if (one.preview) URL.revokeObjectURL(one.preview);
    }
    set(list.filter(({ key }) => !keys.includes(key)));
  };
  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    list: () => list,
    /** Returns an error sentence if there were too many. Without `upload` they are held until `uploadHeld`. */
    add: (given: readonly File[], upload: Upload | undefined, label?: string): string | undefined => {
      const remaining = maxAttachments - list.length;
      for (const file of given.slice(0, Math.max(0, remaining))) {
        const key = String(++count);
        const isImage = /^image\/(png|jpeg|gif|webp)$/.test(file.type);
        const isTooLarge = file.size > maxAttachmentBytes;
        set([
          ...list,
          {
            key,
            name: file.name || "file",
            ...(label !== undefined && { label }),
            size: file.size,
            isImage,
            share: 0,
            ...(isImage && !isTooLarge && { preview: URL.createObjectURL(file) }),
            ...(!upload && !isTooLarge && { isHeld: true }),
            ...(isTooLarge && { failure: `Larger than ${formatByteLimit(maxAttachmentBytes)}.` }),
          },
        ]);
        if (isTooLarge) continue;
        files.set(key, file);
        if (upload) void start(key, upload);
      }
      const excess = given.length - Math.max(0, remaining);
      return excess > 0
        ? `A message can have ${maxAttachments} attachments. ${counted(excess, "file was", "files were")} not added.`
        : undefined;
    },
    pasteName: () => `Pasted text ${++pasted}.txt`,
    retry: (key: string, upload: Upload) => void restart(key, upload),
    /** Uploads held files and retries failed ones. Resolves with whether all files are uploaded. */
    uploadHeld: async (upload: Upload): Promise<boolean> => {
      const waiting = list.filter((one) => one.isHeld || (one.failure !== undefined && one.isRetryable));
      await Promise.all(waiting.map(({ key }) => restart(key, upload)));
      return list.every(({ done }) => done !== undefined);
    },
    /** Returns the uploaded attachment, if there is one. */
    remove: (key: string): MessageAttachment | undefined => {
      const { done } = list.find((one) => one.key === key) ?? {};
      forget([key]);
      return done;
    },
    /** Empties the list and returns the uploaded attachments. */
    take: (): MessageAttachment[] => {
      const ready = list.flatMap(({ done }) => done ?? []);
      forget(list.map(({ key }) => key));
      return ready;
    },
    /** Puts the attachments of a refused message back. */
    give: (ready: readonly MessageAttachment[]) =>
      set([
        ...ready.map((done): DraftAttachment => ({
          key: String(++count),
          name: done.name,
          size: done.size_bytes,
          isImage: done.kind === "image",
          share: 1,
          done,
        })),
        ...list,
      ]),
  };
}
