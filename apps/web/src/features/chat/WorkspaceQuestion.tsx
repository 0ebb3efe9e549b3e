import { RadioGroup } from "radix-ui";
import { useEffect, useId, useRef, useState } from "react";
import { parallelRunsSetting } from "@tesslate/contract/project-settings";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { useKeyListener } from "../../lib/use-key-listener.ts";
import { useProject } from "../../project/project-context.ts";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { useProjectSetting } from "../projects/index.ts";
import type { WorkspaceChoice } from "./chat.types.ts";

export type ChosenWorkspace = "branch" | "project" | "wait";

const options: readonly { value: ChosenWorkspace; label: string; hint: string }[] = [
  { value: "branch", label: "Work on a branch", hint: "In a copy of the project. You review its changes and merge them." },
  { value: "wait", label: "Wait", hint: "The message is sent when the other run ends." },
  {
    value: "project",
    label: "Same files",
    hint: "Both runs change the same files. An edit of a file that the other run changed is refused.",
  },
];

/** Asks where a run works while another one changes the files of the project. Enter takes what is selected, Escape returns to the message. */
export function WorkspaceQuestion({
  choice,
  onChoose,
  onClose,
}: {
  choice: WorkspaceChoice;
  onChoose: (workspace: ChosenWorkspace) => void;
  onClose: () => void;
}) {
  const setting = useProjectSetting(useProject());
  const [workspace, setWorkspace] = useState<ChosenWorkspace>(choice.suggested);
  const [isRemembered, setIsRemembered] = useState(false);
  const titleId = useId();
  const frame = useRef<HTMLFormElement>(null);
  useEffect(() => frame.current?.querySelector<HTMLElement>('[role="radio"][aria-checked="true"]')?.focus(), []);
  const submit = () => {
    if (isRemembered) setting.mutate({ [parallelRunsSetting]: workspace });
    onChoose(workspace);
  };
  useKeyListener(frame, (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onClose();
    } else if (event.key === "Enter" && (event.target as HTMLElement).role === "radio") {
      event.preventDefault();
      submit();
    }
  });
  const [first] = choice.runs;
  return (
    <form
      ref={frame}
      role="group"
      aria-labelledby={titleId}
      noValidate
      className="on-sheet mb-1.5 rounded-3 border border-l-3 border-line-0 border-l-warn! bg-bg-1 px-3 py-2.5 text-sm shadow-1"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <p className="leading-[1.45]">
        <b id={titleId} className="font-semibold">
          Another run is changing this project.
        </b>{" "}
        {choice.runs.length > 1
          ? `${counted(choice.runs.length, "run")} are active.`
          : first
            ? `It works on “${first.message.slice(0, 80)}”.`
            : null}
      </p>
      <RadioGroup.Root
        aria-labelledby={titleId}
        value={workspace}
        onValueChange={(next) => setWorkspace(next as ChosenWorkspace)}
        className="grid gap-1 pt-2"
      >
        {options.map(({ value, label, hint }) => (
          <RadioGroup.Item
            key={value}
            value={value}
            className={cx(
              "rounded-2 border px-2.5 py-1.5 text-left hover:bg-bg-2 narrow:min-h-11",
              workspace === value ? "border-fg-0 ring ring-fg-0" : "border-line-1",
            )}
          >
            <span className="block font-medium text-fg-0">{label}</span>
            <span className="block text-xs text-fg-2">{hint}</span>
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 pt-2 narrow:[&>button]:h-11">
        <span className="flex-1">
          <Checkbox isChecked={isRemembered} onChange={setIsRemembered} label="Remember for this project" />
        </span>
        <Button size="sm" variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button size="sm" type="submit" variant="primary">
          Send message
        </Button>
      </div>
    </form>
  );
}
