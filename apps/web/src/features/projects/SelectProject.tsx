import { useRef } from "react";
import type { Project } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { Checkbox } from "../../ui/Checkbox.tsx";
import type { ProjectSelection } from "./use-project-selection.ts";

/** The checkbox of a project. With Shift it selects all from the one selected last. On a card it is shown when that is near, or any is selected. */
export function SelectProject({
  project,
  selection,
  isInline = false,
}: {
  project: Pick<Project, "id" | "name">;
  selection: ProjectSelection;
  isInline?: boolean;
}) {
  const isShift = useRef(false);
  const isShown = selection.selected.length > 0;
  return (
    <span
      role="presentation"
      onClickCapture={(event) => (isShift.current = event.shiftKey)}
      className={cx(
        isInline
          ? "flex"
          : "absolute top-2.5 right-2.5 flex rounded-1 bg-bg-1 group-hover:opacity-100 focus-within:opacity-100 narrow:opacity-100",
        !isInline && !isShown && "opacity-0",
      )}
    >
      <Checkbox
        isChecked={selection.has(project.id)}
        onChange={(isChecked) => selection.toggle(project.id, isChecked, isShift.current)}
        label={`Select ${project.name}`}
        isLabelHidden
      />
    </span>
  );
}
