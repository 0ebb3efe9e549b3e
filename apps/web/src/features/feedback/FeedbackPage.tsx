import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { EyeOff, MessageSquare, Plus, Search } from "lucide-react";
import { useState } from "react";
import type { FeedbackPost, FeedbackStatus } from "@tesslate/contract";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { statusOptions, statusWords, typeWords } from "./feedback-words.tsx";
import type { BoardSearch } from "./feedback-search.ts";
import { boardLimit, feedbackQuery } from "./feedback.queries.ts";
import { NewPostDialog } from "./NewPostDialog.tsx";
import { PostSheet } from "./PostSheet.tsx";
import { VoteButton } from "./VoteButton.tsx";

const route = getRouteApi("/app/feedback");
const sorts = [
  { value: "upvotes", label: "Most votes" },
  { value: "date", label: "Newest" },
  { value: "comments", label: "Most comments" },
] as const;

/** The list of bugs and suggestions. Filters and the open post are in the URL. */
export function FeedbackPage() {
  const { post, ...search } = route.useSearch();
  const navigate = route.useNavigate();
  const board = useQuery(feedbackQuery(search));
  const [isWriting, setIsWriting] = useState(false);
  const change = (next: BoardSearch) => void navigate({ search: (before) => ({ ...before, page: undefined, ...next }), replace: true });
  const open = (id: string | undefined) => void navigate({ search: (before) => ({ ...before, post: id }) });

  const [text, setText] = useSearchText(
    search.q ?? "",
    (words) => void navigate({ search: (before) => ({ ...before, page: undefined, q: words || undefined }), replace: true }),
  );

  const isFiltered = Boolean(search.q ?? search.type ?? search.status);
  const report = (
    <Button variant="primary" icon={<Plus />} onClick={() => setIsWriting(true)}>
      New post
    </Button>
  );
  const page = search.page ?? 1;
  return (
    <Page title="Feedback" heading="Feedback" width="reading" action={report}>
      <div className="mb-4 flex flex-wrap items-center gap-2 narrow:pt-3">
        <Input
          type="search"
          aria-label="Search posts"
          placeholder="Search posts"
          value={text}
          onChange={(event) => setText(event.target.value)}
          leading={<Search size={14} />}
          boxClassName="min-w-40 flex-1"
        />
        <SegmentedControl<FeedbackPost["type"] | "any">
          label="Type"
          value={search.type ?? "any"}
          onChange={(type) => change({ type: type === "any" ? undefined : type })}
          segments={[
            { value: "any", label: "All", isLabelShown: true },
            { value: "bug", label: "Bugs", isLabelShown: true },
            { value: "suggestion", label: "Suggestions", isLabelShown: true },
          ]}
        />
        <span className="w-36 narrow:w-auto narrow:flex-1">
          <Select
            label="Status"
            value={search.status ?? "any"}
            onChange={(status) => change({ status: status === "any" ? undefined : (status as FeedbackStatus) })}
            options={[{ value: "any", label: "Any status" }, ...statusOptions]}
          />
        </span>
        <span className="w-44 narrow:w-auto narrow:flex-1">
          <Select
            label="Sort by"
            value={search.sort ?? "upvotes"}
            onChange={(sort) => change({ sort: sort === "upvotes" ? undefined : (sort as BoardSearch["sort"]) })}
            options={sorts}
          />
        </span>
      </div>
      {board.error && board.data ? <ShownFromBefore of={board} className="mb-3" /> : null}
      {board.error && !board.data ? (
        <LoadFailed className="px-0" title="Couldn't load posts" of={board} />
      ) : !board.data ? (
        <SkeletonRows count={8} label="Loading posts…" />
      ) : board.data.items.length === 0 ? (
        isFiltered || page > 1 ? (
          <EmptyState
            className="px-0"
            title={search.q ? `No results for “${search.q}”` : "No results"}
            action={
              <Button
                onClick={() => {
                  setText("");
                  void navigate({ search: {}, replace: true });
                }}
              >
                Clear filters
              </Button>
            }
          />
        ) : (
          <EmptyState className="px-0" title="No posts yet" action={report}>
            Report bugs and suggest improvements. Others can vote and comment.
          </EmptyState>
        )
      ) : (
        <>
          <ul ref={keepRowFocus} aria-label="Posts" aria-busy={board.isFetching} className="divide-y divide-line-0 border-y border-line-0">
            {board.data.items.map((item) => (
              <li key={item.id} className="flex items-start gap-3 py-3">
                <VoteButton post={item} />
                <div className="min-w-0 flex-1">
                  <Link
                    to="/feedback"
                    search={{ ...search, post: item.id }}
                    className="as-written font-medium wrap-anywhere text-fg-0 hover:underline"
                  >
                    {item.title}
                  </Link>
                  <p className="mt-1 flex flex-wrap items-center gap-x-2.5 gap-y-1 text-xs text-fg-2">
                    <Pill tone={statusWords[item.status].tone}>{statusWords[item.status].label}</Pill>
                    {item.answer === null ? null : <Pill tone="info">Answered</Pill>}
                    <span className="flex items-center gap-1">
                      {typeWords[item.type].icon} {typeWords[item.type].label}
                    </span>
                    <span className="flex items-center gap-1">
                      <MessageSquare size={14} aria-hidden="true" /> <span className="num">{item.comment_count}</span>
                      <span className="sr-only">comments</span>
                    </span>
                    <span className="max-w-full truncate">
                      <span className="as-written">{item.user_name}</span>, <RelativeTime at={item.created_at} />
                    </span>
                    {item.is_hidden ? (
                      <span className="flex items-center gap-1 text-warn">
                        <EyeOff size={14} aria-hidden="true" /> Hidden
                      </span>
                    ) : null}
                  </p>
                </div>
              </li>
            ))}
          </ul>
          <Pager
            list={board.data}
            page={page}
            perPage={boardLimit}
            onPage={(next) => change({ page: next })}
            className="mt-3 justify-end"
          />
        </>
      )}
      {isWriting ? <NewPostDialog onClose={() => setIsWriting(false)} onOpen={open} /> : null}
      {post === undefined ? null : <PostSheet key={post} id={post} onClose={() => open(undefined)} />}
    </Page>
  );
}
