import { useRouter } from "@tanstack/react-router";
import type { Project } from "@tesslate/contract";
import { useState } from "react";
import { Button } from "../../../ui/Button.tsx";
import { SettingsSection } from "../../../ui/SettingsSection.tsx";
import { DeleteProjectDialog } from "../DeleteProjectDialog.tsx";

/** What cannot be undone. */
export function DangerSection({ project }: { project: Project }) {
  const [isOpen, setIsOpen] = useState(false);
  const router = useRouter();
  return (
    <SettingsSection title="Danger">
      <div className="flex flex-wrap items-center gap-3 rounded-3 border border-err px-3 py-2.5">
        <p className="min-w-0 flex-1 basis-64 text-sm">
          <span className="block font-medium text-fg-0">Delete this project</span>
          <span className="text-xs text-fg-2">Files, conversations, secrets, containers and their data go for good.</span>
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
