import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FilesRestoreStart } from "@tesslate/contract";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { toast } from "../../ui/toast.tsx";
import { ReasonDialog } from "./ReasonDialog.tsx";

/** Says which projects lost their files, and restores them. Renders nothing if none did. */
export function MissingFiles() {
  const queries = useQueryClient();
  const [isAsked, setIsAsked] = useState(false);
  const missing = useQuery({
    queryKey: ["admin", "projects", "missing files"],
    queryFn: ({ signal }) => api.adminProjects.list({ query: { status: "files_missing", limit: 1 } }, { signal }),
    select: ({ total }) => total,
  }).data;
  if (!missing && !isAsked) return null;
  const count = missing ?? 0;
  return (
    <>
      <Banner
        tone="err"
        className="mx-4 mt-3"
        action={
          <Button size="sm" onClick={() => setIsAsked(true)}>
            Restore files…
          </Button>
        }
      >
        {count === 1 ? "The files of 1 project are missing." : `The files of ${counted(count, "project")} are missing.`}
      </Banner>
      {isAsked ? (
        <ReasonDialog
          title="Restore missing files?"
          confirmLabel="Restore files"
          loadingWord="Restoring files…"
          onConfirm={async (reason) => {
            toast(outcomeOf(await api.adminProjects.restoreFiles({ body: { reason } })));
            await queries.invalidateQueries({ queryKey: ["admin"] });
          }}
          onClose={() => setIsAsked(false)}
        >
          Each project with missing files is created again from its newest copy. Changes after that copy are lost. If the disk can be
          connected again, do that instead: then nothing is lost.
        </ReasonDialog>
      ) : null}
    </>
  );
}

function outcomeOf({ started, restoring, without_copy, present }: FilesRestoreStart): string {
  const parts = [
    `${counted(started + restoring, "project")} being restored.`,
    ...(present > 0 ? [`${counted(present, "project")} had files.`] : []),
    ...(without_copy > 0 ? [`${counted(without_copy, "project")} without a copy.`] : []),
  ];
  return parts.join(" ");
}
