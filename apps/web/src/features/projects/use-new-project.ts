import { useNavigate } from "@tanstack/react-router";
import type { CreateProject, MessageAttachment } from "@tesslate/contract";
import { keepEditMode } from "../../lib/edit-modes.ts";
import { useCreateProject } from "../../project/projects.queries.ts";

const longestDescription = 2_000;

export interface NewProject {
  name: string;
  /** The name was derived, not typed: a number is added if the person already has a project of this name. */
  isNameProposed: boolean;
  /** What it starts from. Without `base_id`: the default template. */
  source: Pick<CreateProject, "source_type" | "base_id">;
  /** The first message; may be empty. */
  message: string;
  attachments?: readonly MessageAttachment[];
  model: string | undefined;
  idempotencyKey?: string | undefined;
}

/** Creates a project, whose first message runs as soon as it is set up, and opens it. */
export function useNewProject() {
  const navigate = useNavigate();
  const create = useCreateProject();
  return {
    isPending: create.isPending,
    error: create.error,
    /** Rejects if the server refuses it. `onCreated` runs before the project opens. */
    start: async (
      { name, isNameProposed, source, message, attachments = [], model, idempotencyKey }: NewProject,
      onCreated?: () => void,
    ): Promise<void> => {
      const hasMessage = message !== "" || attachments.length > 0;
      const project = await create.mutateAsync({
        body: {
          name,
          ...(isNameProposed && { is_name_unique: true }),
          ...source,
          ...(hasMessage && {
            description: message.slice(0, longestDescription),
            message,
            edit_mode: "allow",
            ...(model && { model }),
            ...(attachments.length > 0 && { attachments: attachments.map(({ id }) => id) }),
          }),
        },
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      });
      onCreated?.();
      if (hasMessage) keepEditMode(project.id, "allow");
      void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
    },
  };
}
