import { useQuery } from "@tanstack/react-query";
import type { FeedbackPost } from "@tesslate/contract";
import { useDeferredValue, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toastError, toastWithUndo } from "../../ui/toast.tsx";
import { candidatesQuery, useFeedbackActions } from "./feedback.queries.ts";

/** Chooses the post that this one duplicates: similar ones first, others by search. */
export function MergeDuplicateDialog({ post, onClose }: { post: FeedbackPost; onClose: () => void }) {
  const { update } = useFeedbackActions();
  const [text, setText] = useState("");
  const words = useDeferredValue(text.trim());
  const query = useQuery(candidatesQuery(post, words));
  const found = query.data?.filter(({ id }) => id !== post.id);
  const merge = (into: FeedbackPost) =>
    update.mutate(
      { id: post.id, duplicate_of: into.id },
      {
        onSuccess: () => {
          toastWithUndo(`Merged into “${into.title}”.`, () => update.mutateAsync({ id: post.id, duplicate_of: null }));
          onClose();
        },
        onError: (error) => toastError(error, { before: "Couldn't merge the post." }),
      },
    );
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Merge this post"
      description="Its votes count at the other post, once per person. The post leaves the list; its page leads to the other one."
    >
      <div className="grid gap-3">
        <Field label="Search posts">
          <Input type="search" value={text} onChange={(event) => setText(event.target.value)} placeholder={post.title} />
        </Field>
        {query.error && !found ? (
          <LoadFailed className="px-0" title="Couldn't load posts" of={query} />
        ) : !found ? (
          <SkeletonRows count={3} label="Loading posts…" />
        ) : found.length === 0 ? (
          <p className="text-sm text-fg-2">{words ? `No results for “${words}”` : "No similar posts. Search for one."}</p>
        ) : (
          <ul aria-label="Posts" className="divide-y divide-line-0 rounded-3 border border-line-0">
            {found.map((other) => (
              <li key={other.id} className="flex items-center gap-2 px-3 py-2">
                <span className="min-w-0 flex-1">
                  <span className="as-written block text-fg-0 wrap-anywhere">{other.title}</span>
                  <span className="num text-xs text-fg-2">{counted(other.upvote_count, "vote")}</span>
                </span>
                <Button
                  size="sm"
                  aria-label={`Merge into ${other.title}`}
                  isLoading={update.isPending && update.variables.duplicate_of === other.id}
                  loadingWord="Merging…"
                  onClick={() => merge(other)}
                >
                  Merge
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}
