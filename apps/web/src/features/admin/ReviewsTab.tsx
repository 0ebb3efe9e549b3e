import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { AdminReview } from "@tesslate/contract";
import { api } from "../../api.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { toast } from "../../ui/toast.tsx";
import { useRemoveReview } from "./administration.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { TimeOrNever } from "./State.tsx";
import type { Column } from "../../ui/Table.tsx";
import { AdminTable } from "./table/AdminTable.tsx";

/** Reviews of agents and templates, newest first. */
export function ReviewsTab() {
  const [asked, setAsked] = useState<AdminReview>();
  const removeReview = useRemoveReview();
  const columns: Column<AdminReview>[] = [
    {
      id: "words",
      head: "Review",
      isGreedy: true,
      cell: ({ comment }) => (
        <span className="block min-w-0 truncate text-fg-0" title={comment ?? undefined}>
          {comment ?? "No text"}
        </span>
      ),
    },
    { id: "rating", head: "Stars", isFigure: true, cell: ({ rating }) => `${rating} of 5` },
    {
      id: "item",
      head: "Item",
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
    { id: "author", head: "Author", cell: ({ username }) => username },
    { id: "at", head: "Date", isWideOnly: true, cell: ({ created_at }) => <TimeOrNever at={created_at} /> },
    {
      id: "actions",
      head: "Actions",
      isHeadHidden: true,
      cell: (review) => (
        <IconButton size="sm" label={`Delete review of ${review.item_name} by ${review.username}`} onClick={() => setAsked(review)}>
          <Trash2 size={14} />
        </IconButton>
      ),
    },
  ];
  return (
    <>
      <AdminTable
        label="Reviews"
        failed="Couldn't load reviews"
        searchBox={{ label: "Search reviews", placeholder: "Search by text or author" }}
        columns={columns}
        queryKey={["admin", "reviews", "list"]}
        load={({ page, limit, search }, signal) =>
          api.adminMarketplace.reviews({ query: { page, limit, ...(search && { search }) } }, { signal })
        }
        empty={{ title: "No reviews yet", text: "Reviews of agents and templates appear here." }}
      />
      {asked ? (
        <ReasonDialog
          title={`Delete review by ${asked.username}?`}
          confirmLabel="Delete review"
          loadingWord="Deleting review…"
          isDanger
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await removeReview.mutateAsync({ id: asked.id, reason });
            toast("Review deleted.");
          }}
        >
          This deletes the review and recalculates the rating of {asked.item_name}. The author can write a new review.
        </ReasonDialog>
      ) : null}
    </>
  );
}
