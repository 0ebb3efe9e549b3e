import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { AdminPayout } from "@tesslate/contract";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { Button } from "../../ui/Button.tsx";
import type { Column } from "../../ui/Table.tsx";
import { toast } from "../../ui/toast.tsx";
import { useMarkPaid } from "./administration.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { TimeOrNever } from "./State.tsx";
import { Short } from "./WorkLists.tsx";

const nameOf = ({ creator }: AdminPayout) => creator?.username ?? "Deleted user";

const payoutColumns = (onPaid: (payout: AdminPayout) => void): Column<AdminPayout>[] => [
  {
    id: "amount",
    head: "Amount",
    cell: ({ amount_cents }) => <span className="font-medium text-fg-0">{formatDollars(amount_cents)}</span>,
  },
  { id: "creator", head: "Creator", isGreedy: true, cell: (payout) => <span title={payout.creator?.email}>{nameOf(payout)}</span> },
  { id: "email", head: "Email", isWideOnly: true, cell: ({ creator }) => creator?.email },
  { id: "requested", head: "Requested", isWideOnly: true, cell: ({ created_at }) => <TimeOrNever at={created_at} /> },
  {
    id: "actions",
    head: "Actions",
    isHeadHidden: true,
    isFigure: true,
    cell: (payout) => (
      <Button size="sm" variant="ghost" aria-label={`Mark as paid: ${nameOf(payout)}`} onClick={() => onPaid(payout)}>
        Mark as paid…
      </Button>
    ),
  },
];

/** Requested payouts that an administrator sends by hand. Hidden if there are none. */
export function PayoutList() {
  const [page, setPage] = useState(1);
  const [asked, setAsked] = useState<AdminPayout>();
  const columns = useMemo(() => payoutColumns(setAsked), []);
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
        columns={columns}
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
