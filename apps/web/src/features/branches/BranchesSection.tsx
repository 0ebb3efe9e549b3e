import { useQuery } from "@tanstack/react-query";
import { useProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { BranchBar } from "./BranchBar.tsx";
import { projectBranchesQuery } from "./branches.queries.ts";

/** All branches of the project, also those whose chat was deleted. Nothing without any. */
export function BranchesSection() {
  const { api } = useServices();
  const query = useQuery(projectBranchesQuery(api, useProject().id));
  if (query.error && !query.isFetching) return <LoadFailed title="Couldn't load branches" of={query} />;
  if (!query.data || query.data.length === 0) return null;
  return (
    <SettingsSection id="project-branches" title="Branches">
      <ul className="grid gap-3 text-sm">
        {query.data.map((branch) => (
          <li key={branch.id}>
            <p className="truncate pb-1 text-fg-1">{branch.chat_id === null ? "Deleted chat" : (branch.chat_title ?? "New chat")}</p>
            <BranchBar branch={branch} />
          </li>
        ))}
      </ul>
    </SettingsSection>
  );
}
