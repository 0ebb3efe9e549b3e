import { Suspense, useMemo, useState } from "react";
import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { useConversation, partsOf, type FileEdit } from "../chat/index.ts";
import { type FileMark, useOpenFiles, CodePane } from "../files/index.ts";
import { useGitStatus } from "../git/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";
import { PaneSkeleton } from "./PaneSkeleton.tsx";
import { useLastChangedFile } from "./use-last-changed-file.ts";

/** The files and the editor; loaded when first shown. */
export function CodeView() {
  const { isShown, codeSidebar, setCodeSidebar, setIsQuickOpen } = useWorkbenchLayout();
  const { activePath } = useOpenFiles();
  const marks = useFileMarks();
  const isCodeShown = isShown("code");
  const [isOpened, setIsOpened] = useState(isCodeShown);
  if (isCodeShown && !isOpened) setIsOpened(true);
  useLastChangedFile(isCodeShown);
  return (
    <PanelBoundary title="Something went wrong in Code" resetKeys={[activePath]}>
      {isOpened ? (
        <Suspense fallback={<PaneSkeleton />}>
          <CodePane marks={marks} onQuickOpen={() => setIsQuickOpen(true)} sidebar={codeSidebar} onSidebar={setCodeSidebar} />
        </Suspense>
      ) : null}
    </PanelBoundary>
  );
}

const noEdits: readonly FileEdit[] = [];

/** Git status of each file; without a repository, the changes of the newest run. */
function useFileMarks(): ReadonlyMap<string, FileMark> {
  const git = useGitStatus();
  const edits = useConversation(({ lastRun }) =>
    lastRun ? partsOf(lastRun).flatMap((part) => (part.kind === "tool" ? part.edits : [])) : noEdits,
  );
  const ofRun = useMemo(() => marksOf(edits), [edits]);
  return git.marks ?? ofRun;
}

function marksOf(edits: readonly { path: string; op: string; new_path?: string }[]): ReadonlyMap<string, FileMark> {
  const marks = new Map<string, FileMark>();
  for (const edit of edits) {
    if (edit.op === "delete") marks.set(edit.path, "D");
    else if (edit.op === "move") marks.set(edit.new_path ?? edit.path, "A");
    else if (!(marks.get(edit.path) === "A")) marks.set(edit.path, edit.op === "add" ? "A" : "M");
  }
  return marks;
}
