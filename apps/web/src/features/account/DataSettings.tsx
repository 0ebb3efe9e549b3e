import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useEffect, useState } from "react";
import type { AccountExport } from "@tesslate/contract";
import { api } from "../../api.ts";
import { browserHints } from "../../lib/browser-hints.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { formatDateTime } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { meQuery } from "../users/index.ts";
import { exportQuery, useExport } from "./account.queries.ts";
import { DeleteAccountDialog } from "./DeleteAccountDialog.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const isOpen = ({ task }: AccountExport) => task !== null && task.completed_at === null;

export function DataSettings() {
  return (
    <>
      <ExportSection />
      <DeletionSection />
    </>
  );
}

/** The latest export, updated by events while it runs. */
function useExportState() {
  const queryClient = useQueryClient();
  const query = useQuery(exportQuery);
  const taskId = query.data && isOpen(query.data) ? query.data.task?.id : undefined;
  useEffect(() => {
    if (!taskId) return undefined;
    const stop = new AbortController();
    const { signal } = stop;
    const listen = async () => {
      const events = api.tasks.events({ params: { task_id: taskId } }, { signal, hints: browserHints });
      for await (const { data } of events) {
        queryClient.setQueryData(exportQuery.queryKey, (before) => before && { ...before, task: data });
        // End before the next render aborts the signal, so that the export is fetched again.
        if (data.completed_at !== null) break;
      }
    };
    listen()
      // The task may have been deleted; the refetch shows what remains.
      .catch(() => undefined)
      .finally(() => signal.aborted || void queryClient.invalidateQueries({ queryKey: exportQuery.queryKey }));
    return () => stop.abort();
  }, [taskId, queryClient]);
  return query;
}

function ExportSection() {
  const { data, error, refetch, isFetching } = useExportState();
  const start = useExport();
  const isRunning = data ? isOpen(data) : false;
  return (
    <SettingsSection
      id="data-export"
      title="Data export"
      hint="Download your account data, chats and project files as a zip file. Secret values aren't included."
      action={
        <Button isLoading={start.isPending || isRunning} loadingWord="Exporting…" disabled={!data} onClick={() => start.mutate()}>
          Export data
        </Button>
      }
    >
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load your export" of={{ error, refetch, isFetching }} />
      ) : data ? (
        <div className="grid gap-3">
          {start.error ? (
            <Banner tone="err">
              <ErrorSentence of={start.error} />
            </Banner>
          ) : null}
          <ExportState state={data} />
        </div>
      ) : (
        <SkeletonRows count={1} label="Loading your export…" />
      )}
    </SettingsSection>
  );
}

function ExportState({ state }: { state: AccountExport }) {
  const { task, download_url, size_bytes, expires_at } = state;
  if (!task) return <p className="text-sm text-fg-2">No exports in the last 24 hours.</p>;
  if (task.completed_at === null)
    return (
      <div className="grid gap-1.5">
        <p role="status" className="text-sm text-fg-2">
          {task.progress.message}
        </p>
        <Progress label="Export" share={task.progress.percentage / 100} />
      </div>
    );
  if (task.status !== "completed" || !download_url) return <Banner tone="err">{task.error ?? "The export failed. Try again."}</Banner>;
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-3 border border-line-0 px-3 py-2.5">
      <p className="min-w-0 flex-1 basis-48 text-sm">
        <span className="block font-medium text-fg-0">Your export is ready</span>
        <span className="text-xs text-fg-2">
          {size_bytes === null ? "" : `${formatBytes(size_bytes)} · `}
          {expires_at ? `Available until ${formatDateTime(expires_at)}` : ""}
        </span>
      </p>
      <Button asChild variant="primary">
        <a href={download_url} download>
          <Download size={14} />
          Download
        </a>
      </Button>
    </div>
  );
}

function DeletionSection() {
  const { data: user } = useSuspenseQuery(meQuery);
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  return (
    <SettingsSection id="delete-account" title="Delete account">
      <div className="flex flex-wrap items-center gap-3 rounded-3 border border-err px-3 py-2.5">
        <p className="min-w-0 flex-1 basis-64 text-sm">
          <span className="block font-medium text-fg-0">Delete your account and all its data</span>
          <span className="text-xs text-fg-2">
            This signs you out everywhere and stops your apps and runs. You can restore your account for 30 days. After that, your projects,
            files, chats and keys are permanently deleted.
          </span>
        </p>
        <Button variant="danger" onClick={() => setIsAsking(true)}>
          Delete account…
        </Button>
      </div>
      <DeleteAccountDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        username={user.username}
        onDeleted={async (undo_token) => {
          await navigate({ to: "/restore", hash: undo_token });
          queryClient.clear();
        }}
      />
    </SettingsSection>
  );
}
