import { useRouter } from "@tanstack/react-router";
import type { Project } from "@tesslate/contract";
import { useState } from "react";
import { sentenceOf } from "../../../lib/errors.ts";
import { Button } from "../../../ui/Button.tsx";
import { ConfirmDialog } from "../../../ui/ConfirmDialog.tsx";
import { toast } from "../../../ui/toast.tsx";
import { SettingsSection } from "../../settings/SettingsSection.tsx";
import { useDeleteProject } from "../projects.queries.ts";

/** What cannot be undone. */
export function DangerSection({ project }: { project: Project }) {
  const [isOpen, setIsOpen] = useState(false);
  const router = useRouter();
  const deletion = useDeleteProject();
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
      <ConfirmDialog
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        title={`Delete ${project.name}?`}
        act="Delete project"
        actWord="Deleting"
        isDanger
        typedConfirmation={project.name}
        onConfirm={async () => {
          try {
            await deletion.mutateAsync(project.slug);
          } catch (error) {
            throw new Error(sentenceOf(error), { cause: error });
          }
          toast(`${project.name} is being deleted.`);
          await router.navigate({ to: "/projects" });
        }}
      >
        Its files, conversations, secrets, containers and their data go for good. Nothing can bring them back.
      </ConfirmDialog>
    </SettingsSection>
  );
}
