import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { EmailKind, EmailStatus, OutboxEmail } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { formatDateTime, formatRelativeTime, isPast } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pill, type Tone } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { configQuery } from "../auth/index.ts";
import type { Column } from "../../ui/Table.tsx";
import { AdminTable } from "./table/AdminTable.tsx";
import type { TableRequest } from "./table/table-search.ts";

const kindWords: Record<EmailKind, string> = {
  verify: "Email confirmation",
  reset: "Password reset",
  code: "Sign-in code",
  moved: "Email address changed",
  notice: "Account notice",
};
const statusWords: Record<EmailStatus, string> = { queued: "Queued", sent: "Sent", failed: "Failed", kept: "Not sent" };
const tones: Record<EmailStatus, Tone> = { queued: "info", sent: "ok", failed: "err", kept: "neutral" };

const columns: Column<OutboxEmail>[] = [
  {
    id: "when",
    head: "Created",
    cell: ({ created_at }) => <RelativeTime at={created_at} />,
  },
  { id: "recipient", head: "To", isGreedy: true, cell: ({ recipient }) => <span className="text-fg-0">{recipient}</span> },
  {
    id: "status",
    head: "State",
    cell: ({ status }) => <Pill tone={tones[status]}>{statusWords[status]}</Pill>,
  },
  { id: "kind", head: "Type", isWideOnly: true, cell: ({ kind }) => kindWords[kind] ?? kind },
  {
    id: "error",
    head: "Error",
    isWideOnly: true,
    cell: ({ last_error }) => (
      <span className="block max-w-[40ch] truncate" title={last_error ?? undefined}>
        {last_error}
      </span>
    ),
  },
];
const filterOf = ({ search, filters }: TableRequest) => ({
  ...(search && { search }),
  ...(filters["status"] && { status: filters["status"] as EmailStatus }),
});
const queryKey = ["admin", "outbox"];

/** Outgoing email: queued, sent, failed, and not sent because no mail server is configured. */
export function OutboxTab() {
  const [openId, setOpenId] = useState<string>();
  const { data: config } = useQuery(configQuery);
  return (
    <>
      <AdminTable
        label="Emails"
        failed="Couldn't load emails"
        searchBox={{ label: "Search emails", placeholder: "Search by recipient" }}
        columns={columns}
        filters={[{ id: "status", label: "State", options: Object.entries(statusWords).map(([value, label]) => ({ value, label })) }]}
        queryKey={queryKey}
        load={(request, signal) =>
          api.outbox.list({ query: { page: request.page, limit: request.limit, ...filterOf(request) } }, { signal })
        }
        exportUrl={(request) => urlOf("/api/admin/outbox/export", { query: filterOf(request) })}
        onOpen={({ id }) => setOpenId(id)}
        openId={openId}
        end={config?.features.smtp === false ? <Pill tone="warn">No mail server</Pill> : null}
        empty={{
          title: "No emails in the last 7 days",
          text: "Confirmations, sign-in codes and password resets appear here, with their delivery status.",
        }}
      />
      {openId === undefined ? null : <EmailDialog id={openId} onClose={() => setOpenId(undefined)} />}
    </>
  );
}

function EmailDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const queryClient = useQueryClient();
  const { data: config } = useQuery(configQuery);
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: [...queryKey, id],
    queryFn: ({ signal }) => api.outbox.get({ params: { id } }, { signal }),
  });
  const retry = useMutation({
    mutationFn: () => api.outbox.retry({ params: { id } }),
    onSuccess: async () => {
      toast("Email queued for sending.");
      onClose();
      await queryClient.invalidateQueries({ queryKey });
    },
    onError: (failure) => toastError(failure),
  });
  const isExpired = data !== undefined && data.expires_at !== null && isPast(data.expires_at);
  const canSend = data !== undefined && data.status !== "sent" && !isExpired && config?.features.smtp === true;
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={data?.subject ?? (data ? kindWords[data.kind] : "Email")}
      description={data ? `To ${data.recipient} · ${statusWords[data.status]}` : undefined}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          {canSend ? (
            <Button variant="primary" isLoading={retry.isPending} loadingWord="Sending…" onClick={() => retry.mutate()}>
              Send email
            </Button>
          ) : null}
        </>
      }
    >
      {error ? (
        <LoadFailed className="px-0" title="Couldn't load this email" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={4} label="Loading email…" />
      ) : (
        <div className="grid gap-3">
          {data.last_error ? <Banner tone={data.status === "failed" ? "err" : "warn"}>{data.last_error}</Banner> : null}
          <p className="text-xs text-fg-2">
            Created {formatDateTime(data.created_at)}.{data.sent_at ? ` Sent ${formatDateTime(data.sent_at)}.` : ""}
            {data.next_attempt_at ? ` Next attempt ${formatRelativeTime(data.next_attempt_at)}.` : ""}
            {data.attempts > 1 ? ` ${counted(data.attempts, "attempt")} so far.` : ""}
            {isExpired ? " Its code or link has expired." : ""}
          </p>
          {data.text === null ? (
            <p className="text-fg-2">Only the recipient can see the content.</p>
          ) : (
            <>
              <p className="text-fg-2">No mail server is configured. Send this message to the recipient yourself.</p>
              <div className="flex items-start gap-2 rounded-2 border border-line-0 bg-bg-2 py-1.5 pr-1.5 pl-3">
                <pre className="min-w-0 flex-1 py-1 font-sans text-sm leading-read wrap-anywhere whitespace-pre-wrap text-fg-0">
                  {data.text}
                </pre>
                <CopyButton text={data.text} label="Copy email" />
              </div>
            </>
          )}
        </div>
      )}
    </Dialog>
  );
}
