import { ChevronUp } from "lucide-react";
import type { FeedbackPost } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { toastError } from "../../ui/toast.tsx";
import { useFeedbackActions } from "./feedback.queries.ts";

export function VoteButton({ post }: { post: FeedbackPost }) {
  const { vote } = useFeedbackActions();
  return (
    <button
      type="button"
      aria-pressed={post.has_upvoted}
      aria-label={`Vote for ${post.title}, ${counted(post.upvote_count, "vote")}`}
      disabled={vote.isPending}
      onClick={() => vote.mutate({ id: post.id, upvoted: !post.has_upvoted }, { onError: (error) => toastError(error) })}
      className={cx(
        "grid w-11 flex-none justify-items-center rounded-3 border py-1 text-xs transition-colors narrow:min-h-11",
        post.has_upvoted ? "border-brand-line bg-brand-soft text-brand-ink" : "border-line-1 text-fg-1 hover:bg-bg-2",
      )}
    >
      <ChevronUp size={16} aria-hidden="true" />
      <span className="num">{post.upvote_count}</span>
    </button>
  );
}
