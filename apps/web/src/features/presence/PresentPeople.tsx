import type { PresentPerson } from "@tesslate/contract";
import { fileNameOf } from "../../lib/file-tree.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { isView, type View } from "../../project/views.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Tooltip } from "../../ui/Tooltip.tsx";
import { nameWithRole, usePresentPeople } from "./presence-context.ts";

/** The others who have the project open. Each leads to where they are. */
export function PresentPeople({ labelOf }: { labelOf: (view: View) => string }) {
  const people = usePresentPeople();
  const isNarrow = useIsNarrow();
  const { show, openFile } = useWorkbenchActions();
  const placeOf = ({ view, file }: PresentPerson) =>
    !isView(view) ? "" : view === "code" && file !== null ? fileNameOf(file) : labelOf(view);
  const describe = (person: PresentPerson) => [nameWithRole(person), placeOf(person)].filter(Boolean).join(" · ");
  const follow = ({ view, file }: PresentPerson) => {
    if (view === "code" && file !== null) openFile(file);
    else if (isView(view)) show(view);
  };
  if (people.length === 0) return null;
  const shown = people.slice(0, isNarrow ? 1 : 3);
  const rest = people.slice(shown.length);
  const button = "grid size-6 flex-none place-items-center rounded-full hover:bg-bg-3 narrow:size-8";
  return (
    <div role="group" aria-label="Also in this project" className="flex flex-none items-center">
      {shown.map((person) => (
        <Tooltip key={person.user_id} text={describe(person)}>
          <button type="button" aria-label={`Follow ${describe(person)}`} onClick={() => follow(person)} className={button}>
            <Avatar name={person.name} url={person.avatar_url} tone="info" />
          </button>
        </Tooltip>
      ))}
      {rest.length > 0 ? (
        <Menu
          trigger={
            <button
              type="button"
              aria-label={`${rest.length} more in this project`}
              className={`${button} text-2xs font-medium text-fg-1 data-[state=open]:bg-bg-3`}
            >
              +{rest.length}
            </button>
          }
          align="end"
          entries={rest.map((person) => ({
            label: nameWithRole(person),
            hint: placeOf(person),
            icon: <Avatar name={person.name} url={person.avatar_url} tone="info" />,
            onSelect: () => follow(person),
          }))}
        />
      ) : null}
    </div>
  );
}
