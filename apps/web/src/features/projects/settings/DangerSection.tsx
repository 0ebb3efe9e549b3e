import { useRouter } from "@tanstack/react-router";
import type { Project } from "@tesslate/contract";
import { useState } from "react";
import { Button } from "../../../ui/Button.tsx";
import { SettingsSection } from "../../../ui/SettingsSection.tsx";
import { DeleteProjectDialog } from "../DeleteProjectDialog.tsx";

/** Actions that can't be undone. */
export function DangerSection({ project }: { project: Project }) {
  const [isOpen, setIsOpen] = useState(false);
  const router = useRouter();
  return (
    <SettingsSection id="project-delete" title="Danger zone">
      <div className="flex flex-wrap items-center gap-3 rounded-3 border border-err px-3 py-2.5">
        <p className="min-w-0 flex-1 basis-64 text-sm">
          <span className="block font-medium text-fg-0">Delete this project</span>
          <span className="text-xs text-fg-2">This deletes its files, chats, secrets, containers and data. This can't be undone.</span>
        </p>
        <Button variant="danger" onClick={() => setIsOpen(true)}>
          Delete project…
        </Button>
      </div>
      <DeleteProjectDialog
        project={project}
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        onDeleted={() => router.navigate({ to: "/projects" })}
      />
    </SettingsSection>
  );
}
