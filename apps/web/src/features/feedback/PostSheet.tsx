import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { EyeOff, Merge, MessageSquareReply } from "lucide-react";
import { useState } from "react";
import type { FeedbackDetail, FeedbackStatus } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { isString } from "../../lib/storage.ts";
import { useKept } from "../../lib/use-kept.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Select } from "../../ui/Select.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { meQuery } from "../users/index.ts";
import { AnswerForm } from "./AnswerForm.tsx";
import { statusOptions, statusWords, typeWords } from "./feedback-words.tsx";
import { commentsQuery, postQuery, useFeedbackActions } from "./feedback.queries.ts";
import { MergeDuplicateDialog } from "./MergeDuplicateDialog.tsx";
import { VoteButton } from "./VoteButton.tsx";

/** One post with its comments. */
export function PostSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(postQuery(id));
  const { data: post, error } = query;
  return (
    <Sheet isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={post ? typeWords[post.type].label : "Post"}>
      {post ? (
        <>
          {error ? <ShownFromBefore of={query} className="mb-3" /> : null}
          <Post post={post} onGone={onClose} />
        </>
      ) : hasCode(error, "not_found", "validation_error") ? (
        <EmptyState className="px-0" title="Post not found">
          It may have been deleted or hidden.
        </EmptyState>
      ) : error ? (
        <LoadFailed className="px-0" title="Couldn't load the post" of={query} />
      ) : (
        <SkeletonRows count={5} label="Loading post…" />
      )}
    </Sheet>
  );
}

function Post({ post, onGone }: { post: FeedbackDetail; onGone: () => void }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const { update, remove } = useFeedbackActions();
  const [isDeleting, setIsDeleting] = useState(false);
  const [open, setOpen] = useState<"answer" | "merge">();
  const failed = (error: unknown) => toastError(error);
  return (
    <>
      <div className="flex items-start gap-3 pt-1">
        <VoteButton post={post} />
        <div className="min-w-0 flex-1">
          <h2 className="as-written text-lg wrap-anywhere">{post.title}</h2>
          <p className="mt-1 flex flex-wrap items-center gap-2 text-xs text-fg-2">
            <Pill tone={statusWords[post.status].tone}>{statusWords[post.status].label}</Pill>
            <span className="min-w-0 wrap-anywhere">
              <span className="as-written">{post.user_name}</span>, <RelativeTime at={post.created_at} />
            </span>
          </p>
        </div>
      </div>
      {post.is_hidden ? (
        <Banner tone="warn" className="mt-3">
          {post.is_owner
            ? "Hidden by an administrator. Only you and administrators can see this post."
            : "Hidden by an administrator. Only its author and administrators can see this post."}
        </Banner>
      ) : null}
      {post.duplicate_of ? (
        <Banner
          className="mt-3"
          action={
            <>
              <Button size="sm" asChild>
                <Link to="/feedback" search={(before) => ({ ...before, post: post.duplicate_of?.id })}>
                  Open post
                </Link>
              </Button>
              {me.is_superuser ? (
                <Button
                  size="sm"
                  isLoading={update.isPending}
                  onClick={() => update.mutate({ id: post.id, duplicate_of: null }, { onError: failed })}
                >
                  Undo merge
                </Button>
              ) : null}
            </>
          }
        >
          Merged into “{post.duplicate_of.title}”. Votes count there.
        </Banner>
      ) : null}
      <div className="mt-4 wrap-anywhere text-md text-fg-1">
        <Markdown text={post.description} />
      </div>
      {post.answer === null ? null : (
        <section aria-label="Answer" className="mt-4 rounded-3 border border-l-3 border-line-0 border-l-info! bg-bg-2 px-3 py-2.5">
          <h3 className="flex flex-wrap items-baseline gap-x-2 text-sm font-medium">
            Answer
            <span className="text-xs font-normal text-fg-2">
              from the administrators
              {post.answered_at === null ? null : (
                <>
                  , <RelativeTime at={post.answered_at} />
                </>
              )}
            </span>
          </h3>
          <div className="mt-1 wrap-anywhere text-md text-fg-1">
            <Markdown text={post.answer} />
          </div>
        </section>
      )}
      {me.is_superuser || post.is_owner ? (
        <div className="mt-4 flex flex-wrap items-center gap-2 border-t border-line-0 pt-3">
          {me.is_superuser ? (
            <>
              <span className="w-36">
                <Select
                  label="Status"
                  size="sm"
                  value={post.status}
                  isDisabled={update.isPending}
                  onChange={(status) => update.mutate({ id: post.id, status: status as FeedbackStatus }, { onError: failed })}
                  options={statusOptions}
                />
              </span>
              <Button
                size="sm"
                icon={<EyeOff />}
                isLoading={update.isPending}
                onClick={() => update.mutate({ id: post.id, is_hidden: !post.is_hidden }, { onError: failed })}
              >
                {post.is_hidden ? "Show post" : "Hide post"}
              </Button>
            </>
          ) : null}
          {me.is_superuser ? (
            <>
              <Button size="sm" icon={<MessageSquareReply />} onClick={() => setOpen("answer")}>
                {post.answer === null ? "Answer…" : "Edit answer…"}
              </Button>
              {post.duplicate_of === null ? (
                <Button size="sm" icon={<Merge />} onClick={() => setOpen("merge")}>
                  Merge…
                </Button>
              ) : null}
            </>
          ) : null}
          <Button size="sm" variant="danger" onClick={() => setIsDeleting(true)}>
            Delete post
          </Button>
        </div>
      ) : null}
      <Comments post={post} me={me} />
      {open === "answer" ? <AnswerForm post={post} onClose={() => setOpen(undefined)} /> : null}
      {open === "merge" ? <MergeDuplicateDialog post={post} onClose={() => setOpen(undefined)} /> : null}
      <ConfirmDialog
        isOpen={isDeleting}
        onOpenChange={setIsDeleting}
        title="Delete this post?"
        confirmLabel="Delete post"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          await remove.mutateAsync(post.id);
          toast("Post deleted.");
          onGone();
        }}
      >
        This also deletes {counted(post.upvote_count, "vote")} and {counted(post.comment_count, "comment")}. This can't be undone.
      </ConfirmDialog>
    </>
  );
}

function Comments({ post, me }: { post: FeedbackDetail; me: { id: string; is_superuser: boolean } }) {
  const { comment, removeComment } = useFeedbackActions();
  const query = useInfiniteQuery(commentsQuery(post));
  const comments = query.data.pages.flatMap((page) => page.items);
  const draft = useKept(`studio:feedback-comment:${me.id}:${post.id}`, isString, "");
  const { errors, isSubmitting, onSubmit } = useSubmission(["content"], {
    submit: async () => {
      const [text, content] = [draft.value, draft.value.trim()];
      if (!content) return;
      await comment.mutateAsync({ id: post.id, content });
      draft.forget(text);
    },
    errorField: "content",
  });
  return (
    <section aria-label="Comments" className="mt-5 border-t border-line-0 pt-4">
      <h3 className="text-sm font-medium">
        Comments <span className="num text-fg-2">{post.comment_count}</span>
      </h3>
      {comments.length === 0 ? <p className="pt-2 text-sm text-fg-2">No comments yet.</p> : null}
      <ol ref={keepRowFocus} className="grid grid-cols-1 gap-3 pt-2">
        {comments.map((entry) => (
          <li key={entry.id}>
            <div className="flex items-baseline gap-2 text-xs text-fg-2">
              <b className="as-written min-w-0 wrap-anywhere text-fg-0">{entry.user_name}</b>
              <RelativeTime at={entry.created_at} className="flex-none" />
              {entry.user_id === me.id || me.is_superuser ? (
                <button
                  type="button"
                  className="link relative ml-auto flex-none before:absolute before:-inset-1 narrow:before:-inset-3.5"
                  disabled={removeComment.isPending && removeComment.variables.comment_id === entry.id}
                  onClick={() => removeComment.mutate({ id: post.id, comment_id: entry.id }, { onError: (error) => toastError(error) })}
                >
                  Delete
                </button>
              ) : null}
            </div>
            <div className="wrap-anywhere text-md text-fg-1">
              <Markdown text={entry.content} />
            </div>
          </li>
        ))}
      </ol>
      <ShowMore of={query}>Show more comments</ShowMore>
      <form onSubmit={onSubmit} noValidate className="grid gap-2 pt-4">
        <Field label="Add a comment" hint="Markdown is supported." error={errors.content}>
          <Textarea rows={3} maxLength={10_000} value={draft.value} onChange={(event) => draft.write(event.target.value)} />
        </Field>
        <div className="flex justify-end">
          <Button type="submit" disabled={!draft.value.trim()} isLoading={isSubmitting} loadingWord="Sending…">
            Comment
          </Button>
        </div>
      </form>
    </section>
  );
}
