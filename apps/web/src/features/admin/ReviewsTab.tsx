import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { AdminReview } from "@tesslate/contract";
import { api } from "../../api.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { toast } from "../../ui/toast.tsx";
import { useRemoveReview } from "./house.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { Moment } from "./State.tsx";
import { AdminTable, type Column } from "./table/AdminTable.tsx";

/** What people said of agents and templates, the latest first. */
export function ReviewsTab() {
  const [asked, setAsked] = useState<AdminReview>();
  const act = useRemoveReview();
  const columns: Column<AdminReview>[] = [
    {
      id: "words",
      head: "Review",
      isGreedy: true,
      cell: ({ comment }) => (
        <span className="block min-w-0 truncate text-fg-0" title={comment ?? undefined}>
          {comment ?? "No words"}
        </span>
      ),
    },
    { id: "rating", head: "Stars", isFigure: true, cell: ({ rating }) => `${rating} of 5` },
    {
      id: "item",
      head: "Of",
      isWideOnly: true,
      cell: ({ item_name, item_slug, item_type }) => (
        <Link
          to={item_type === "agent" ? "/marketplace/agent/$slug" : "/marketplace/base/$slug"}
          params={{ slug: item_slug }}
          className="underline-offset-2 hover:underline"
        >
          {item_name}
        </Link>
      ),
    },
    { id: "author", head: "By", cell: ({ username }) => username },
    { id: "at", head: "When", isWideOnly: true, cell: ({ created_at }) => <Moment at={created_at} /> },
    {
      id: "acts",
      head: "What to do",
      isHeadHidden: true,
      cell: (review) => (
        <IconButton size="sm" label={`Take away the review of ${review.item_name} by ${review.username}`} onClick={() => setAsked(review)}>
          <Trash2 size={14} />
        </IconButton>
      ),
    },
  ];
  return (
    <>
      <AdminTable
        label="Reviews"
        searchIn="words, author"
        columns={columns}
        queryKey={["admin", "reviews", "list"]}
        load={({ page, limit, search }, signal) =>
          api.adminMarketplace.reviews({ query: { page, limit, ...(search && { search }) } }, { signal })
        }
        empty={{ title: "There are no reviews", text: "What people say of agents and templates stands here." }}
      />
      {asked ? (
        <ReasonDialog
          title={`Take away the review by ${asked.username}?`}
          act="Take it away"
          actWord="Taking away"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await act.mutateAsync({ id: asked.id, reason });
            toast("The review is taken away.");
          }}
        >
          It is deleted, and the rating of {asked.item_name} is counted anew. Its author may write another one.
        </ReasonDialog>
      ) : null}
    </>
  );
}
