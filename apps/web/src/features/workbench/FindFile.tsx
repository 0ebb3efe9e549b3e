import { Suspense } from "react";
import { useFileTree } from "../../project/project-context.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { useOpenFiles, QuickOpen } from "../files/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";

/** The dialog that opens a file by its name. */
export function FindFile() {
  const { isQuickOpen, setIsQuickOpen } = useWorkbenchLayout();
  const tree = useFileTree().data;
  const files = useOpenFiles();
  const { openFile } = useWorkbenchActions();
  if (!isQuickOpen || !tree) return null;
  return (
    <Suspense fallback={null}>
      <QuickOpen tree={tree} recent={files.paths} isOpen onOpenChange={setIsQuickOpen} onPick={openFile} />
    </Suspense>
  );
}
