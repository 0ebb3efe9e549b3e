import { useInfiniteQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { Review } from "@tesslate/contract";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast, toastWithUndo, toastError } from "../../ui/toast.tsx";
import type { ItemType } from "./marketplace-search.ts";
import { reviewsQuery, useReviewActions } from "./marketplace.queries.ts";
import { StarInput, StarRow } from "./Stars.tsx";

/** The reviews of an item. The user's own comes first and can be edited; `why` is shown to those who can't write one. */
export function Reviews({ type, id, canWrite, why }: { type: ItemType; id: string; canWrite: boolean; why: string }) {
  const list = useInfiniteQuery(reviewsQuery(type, id));
  const total = list.data?.pages[0]?.total ?? 0;
  // A review written between two page loads shifts the list, so that the next page repeats an item.
  const all = [...new Map(list.data?.pages.flatMap((page) => page.items).map((review) => [review.id, review])).values()];
  const { write, remove } = useReviewActions(type, id);
  const [isWriting, setIsWriting] = useState(false);
  const own = all.find((review) => review.is_own_review);
  const others = all.filter((review) => !review.is_own_review);
  return (
    <section aria-labelledby="reviews" className="mt-8">
      <div className="mb-3 flex items-center gap-2">
        <h2 id="reviews" className="flex-1 text-md">
          Reviews{total > 0 ? <span className="num font-regular text-fg-2"> ({total})</span> : null}
        </h2>
        {canWrite && !isWriting && list.data ? (
          <Button size="sm" onClick={() => setIsWriting(true)}>
            {own ? "Edit review" : "Write review"}
          </Button>
        ) : null}
      </div>
      {isWriting ? (
        <ReviewForm
          {...(own && { own })}
          onCancel={() => setIsWriting(false)}
          onSave={async (rating, comment) => {
            await write.mutateAsync({ rating, comment: comment || null });
            setIsWriting(false);
            toast(own ? "Review updated." : "Review published.");
          }}
        />
      ) : null}
      {list.error && list.data && !list.isFetchNextPageError ? <ShownFromBefore of={list} className="mb-3" /> : null}
      {list.isPending ? (
        <SkeletonRows count={3} label="Loading reviews…" />
      ) : list.error && !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load reviews" of={list} />
      ) : total === 0 && !isWriting ? (
        <p className="text-sm text-fg-2">No reviews yet. {canWrite ? "" : why}</p>
      ) : (
        <ul ref={keepRowFocus} role="list" className="divide-y divide-line-0">
          {own && !isWriting ? (
            <ReviewRow
              review={own}
              end={
                <Button
                  size="sm"
                  variant="ghost"
                  isLoading={remove.isPending}
                  loadingWord="Deleting…"
                  onClick={() =>
                    remove.mutate(undefined, {
                      onSuccess: () =>
                        toastWithUndo("Review deleted.", () => write.mutateAsync({ rating: own.rating, comment: own.comment })),
                      onError: (error) => toastError(error),
                    })
                  }
                >
                  Delete review
                </Button>
              }
            />
          ) : null}
          {others.map((review) => (
            <ReviewRow key={review.id} review={review} />
          ))}
        </ul>
      )}
      <ShowMore of={list} />
      {!canWrite && total > 0 ? <p className="mt-3 text-xs text-fg-2">{why}</p> : null}
    </section>
  );
}

const ReviewRow = ({ review, end }: { review: Review; end?: ReactNode }) => (
  <li className="py-3">
    <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 text-xs text-fg-2">
      <Avatar name={review.user_name} url={review.user_avatar_url} />
      <span className="font-medium text-fg-0">{review.is_own_review ? "You" : review.user_name}</span>
      <StarRow rating={review.rating} />
      <RelativeTime at={review.created_at} />
      <span className="flex-1" />
      {end}
    </p>
    {review.comment ? (
      <p className="mt-1.5 max-w-[70ch] text-sm leading-read wrap-anywhere whitespace-pre-wrap text-fg-1">{review.comment}</p>
    ) : null}
  </li>
);

function ReviewForm({
  own,
  onSave,
  onCancel,
}: {
  own?: Review;
  onSave: (rating: number, comment: string) => Promise<void>;
  onCancel: () => void;
}) {
  const form = useForm({
    start: { rating: own?.rating ?? 0, comment: own?.comment ?? "" },
    check: ({ rating }) => ({ ...(rating === 0 && { "": "Select 1 to 5 stars." }) }),
    submit: ({ rating, comment }) => onSave(rating, comment.trim()),
  });
  const failure = form.errors[""];
  return (
    <form onSubmit={form.onSubmit} noValidate className="mb-4 grid gap-3 rounded-3 border border-line-0 p-3.5" aria-label="Your review">
      {failure ? <Banner tone="err">{failure}</Banner> : null}
      <StarInput {...form.choice("rating")} />
      <Field label="Comment" hint="Optional. Visible to everyone, with your name." error={form.errors.comment}>
        <Textarea {...form.text("comment")} maxLength={2000} className="min-h-20" />
      </Field>
      <div className="flex justify-end gap-2">
        <Button variant="ghost" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" isLoading={form.isSubmitting} loadingWord="Saving…">
          {own ? "Save review" : "Publish review"}
        </Button>
      </div>
    </form>
  );
}
