import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AdminPayout } from "@tesslate/contract";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { Button } from "../../ui/Button.tsx";
import { toast } from "../../ui/toast.tsx";
import { useMarkPaid } from "./administration.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { TimeOrNever } from "./State.tsx";
import { Short } from "./WorkLists.tsx";

const nameOf = ({ creator }: AdminPayout) => creator?.username ?? "Deleted user";

/** Requested payouts that an administrator sends by hand. Hidden if there are none. */
export function PayoutList() {
  const [page, setPage] = useState(1);
  const [asked, setAsked] = useState<AdminPayout>();
  const markPaid = useMarkPaid();
  const query = { page, limit: 10, status: "pending" as const };
  const list = useQuery({
    queryKey: ["admin", "payouts", query],
    queryFn: ({ signal }) => api.adminPayouts.list({ query }, { signal }),
    placeholderData: keepPreviousData,
  });
  if (list.data?.total === 0 && !asked) return null;
  return (
    <>
      <Short
        title="Pending payouts"
        failed="Couldn't load payouts"
        list={list}
        page={page}
        onPage={setPage}
        bar={null}
        empty="No pending payouts"
        row={(payout) => (
          <>
            <span className="num w-24 flex-none font-medium text-fg-0">{formatDollars(payout.amount_cents)}</span>
            <span className="min-w-0 flex-1 basis-40 truncate text-fg-2" title={payout.creator?.email}>
              {nameOf(payout)}
              {payout.creator ? `, ${payout.creator.email}` : ""}
            </span>
            <span className="flex-none text-fg-2">
              Requested <TimeOrNever at={payout.created_at} />
            </span>
            <Button size="sm" aria-label={`Mark as paid: ${nameOf(payout)}`} onClick={() => setAsked(payout)}>
              Mark as paid…
            </Button>
          </>
        )}
      />
      {asked ? (
        <ReasonDialog
          title={`Mark the payout of ${formatDollars(asked.amount_cents)} to ${nameOf(asked)} as paid?`}
          confirmLabel="Mark as paid"
          loadingWord="Saving…"
          onClose={() => setAsked(undefined)}
          onConfirm={async (reason) => {
            await markPaid.mutateAsync({ id: asked.id, reason });
            toast("Payout marked as paid.");
          }}
        >
          This doesn't send money. It records that you sent it, and marks the payout and its {counted(asked.transactions_count, "sale")} as
          paid. This can't be undone. Enter the transfer number as the reason.
        </ReasonDialog>
      ) : null}
    </>
  );
}
