import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Checkpoints } from "./checkpoints.ts";

/** Deletions that follow each other within this share a checkpoint: the first one has what all of them remove. */
const sharedMs = 10_000;

export type KeepBefore = ReturnType<typeof createKeepBefore>;

/** Checkpoints before a person removes or replaces files through the API, so that the answer can name the way back. */
export function createKeepBefore({ checkpoints, log }: { checkpoints: Pick<Checkpoints, "keep">; log: Logger }) {
  const recent = new Map<string, { id: string; at: number }>();
  return {
    /** The checkpoint's id; null when none could be kept: a full disk must not stop people from cleaning up. */
    before: async (project: ProjectRow, label: string): Promise<string | null> => {
      const known = recent.get(project.id);
      if (known && Date.now() - known.at < sharedMs) return known.id;
      try {
        const { id } = await checkpoints.keep(project, { kind: "replace", label }, { isWhole: true });
        if (recent.size > 5000) recent.clear();
        recent.set(project.id, { id, at: Date.now() });
        return id;
      } catch (err) {
        log.warn({ err, project_id: project.id }, "no checkpoint before files are removed");
        return null;
      }
    },
    /** Files were written since: the next removal needs a checkpoint of its own. */
    changed: (projectId: string): void => void recent.delete(projectId),
  };
}
