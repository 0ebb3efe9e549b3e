import { ArrowUp, ChevronDown, Square } from "lucide-react";
import type { EditMode, Model } from "@tesslate/contract";
import { useId, useImperativeHandle, useRef, useState, type ReactNode, type Ref } from "react";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { ComposerBox } from "../../ui/ComposerBox.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { pickModel, shortModelName, usableModels } from "../models/model-choice.ts";
import type { SendFailure } from "./use-chat.ts";
import { modeOf, modes, nextMode } from "./modes.ts";
import { matchingCommands, type SlashCommand } from "./slash-commands.ts";
import { optionId, SlashMenu } from "./SlashMenu.tsx";
import { useDraft } from "./use-draft.ts";

const steerCaps = capsOf("$mod+Enter").flat();
const steerKeys = steerCaps.join((steerCaps[0]?.length ?? 0) > 1 ? "+" : "");

export interface ComposerHandle {
  focus: () => void;
  /** Puts text into the draft (a refused first message, a suggestion), with the reason where there is one. */
  write: (text: string, reason?: string) => void;
}

export interface ComposerProps {
  projectId: string;
  chatId: string | undefined;
  /** A run goes on in this session. */
  isRunning: boolean;
  isStopping: boolean;
  /** The message waits for something else; nothing can be sent now. */
  blockedBy?: string | undefined;
  mode: EditMode;
  onMode: (mode: EditMode) => void;
  models: readonly Model[];
  defaultModel: string | undefined;
  model: string | undefined;
  onModel: (model: string) => void;
  /** Beside the mode: which agent answers. */
  agentMenu?: ReactNode;
  /** While a run goes on it queues. */
  onSend: (text: string) => Promise<SendFailure | undefined>;
  /** Says it to the run that goes on. */
  onSteer: (text: string) => Promise<SendFailure | undefined>;
  commands: readonly SlashCommand[];
  onStop: () => void;
  /** Takes the bar's place: no model, no credits. */
  notice?: ReactNode;
  handle?: Ref<ComposerHandle>;
}

/** Where messages are written. Enter sends, or queues while a run goes on; Mod+Enter steers it. A refused message comes back as the draft. */
export function Composer({
  projectId,
  chatId,
  isRunning,
  isStopping,
  blockedBy,
  mode,
  onMode,
  models,
  defaultModel,
  model,
  onModel,
  agentMenu,
  onSend,
  onSteer,
  commands,
  onStop,
  notice,
  handle,
}: ComposerProps) {
  const [draft, setDraft] = useDraft(projectId, chatId);
  const [hint, setHint] = useState<{ text: string; isError: boolean }>();
  const [said, setSaid] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(handle, () => ({
    focus: () => box.current?.focus(),
    write: (text, reason) => {
      setDraft(text);
      setHint(reason ? { text: reason, isError: true } : undefined);
      box.current?.focus();
    },
  }));

  const listId = useId();
  const [chosen, setChosen] = useState(0);
  /** Escape closes the list until the draft changes. */
  const [closedFor, setClosedFor] = useState<string>();
  const offered = closedFor === draft ? undefined : matchingCommands(draft, commands);
  const at = Math.min(chosen, (offered?.length ?? 1) - 1);
  const run = (command: SlashCommand | undefined) => {
    if (!command) return;
    setDraft("");
    setChosen(0);
    command.run();
    box.current?.focus();
  };

  const send = async (how: "send" | "steer" = "send") => {
    if (offered) {
      run(offered[at]);
      return;
    }
    const text = draft.trim();
    if (text === "") return;
    if (blockedBy) {
      setHint({ text: blockedBy, isError: false });
      return;
    }
    setHint(undefined);
    setDraft("");
    const isSteering = how === "steer" && isRunning;
    const failure = await (isSteering ? onSteer(text) : onSend(text));
    if (!failure && isRunning) setSaid(isSteering ? "The run will hear it before its next step." : "Queued.");
    if (!failure) return;
    setDraft(text);
    setHint({ text: failure.message, isError: true });
  };
  const cycle = () => {
    const next = nextMode(mode);
    onMode(next);
    setSaid(`Mode: ${modeOf(next).label}. ${modeOf(next).hint}.`);
  };

  const usable = usableModels(models);
  const picked = pickModel(models, model, defaultModel ?? null);
  return (
    <div className="relative">
      {hint && (hint.isError || isRunning || blockedBy) ? (
        <p
          role={hint.isError ? "alert" : "status"}
          className={hint.isError ? "px-1 pb-1.5 text-xs leading-[1.45] text-err" : "px-1 pb-1.5 text-xs leading-[1.45] text-fg-2"}
        >
          {hint.text}
        </p>
      ) : null}
      {offered ? <SlashMenu id={listId} commands={offered} chosen={at} onPick={run} /> : null}
      <ComposerBox
        label="Message to the agent"
        placeholder={
          isRunning ? `Queue a message, or ${steerKeys} to steer now` : mode === "plan" ? "What should it plan?" : "What should change?"
        }
        value={draft}
        onChange={(text) => {
          setDraft(text);
          if (hint?.isError) setHint(undefined);
        }}
        onSubmit={() => void send()}
        textareaRef={box}
        textareaProps={{
          maxLength: 10_000,
          enterKeyHint: "send",
          ...(offered && {
            "aria-haspopup": "listbox",
            "aria-controls": listId,
            "aria-autocomplete": "list",
            "aria-activedescendant": optionId(listId, at),
          }),
        }}
        notice={notice}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey) {
            event.preventDefault();
            void send("steer");
            return;
          }
          if (offered && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            event.preventDefault();
            setChosen((at + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length);
            return;
          }
          if (offered && event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            setClosedFor(draft);
            return;
          }
          if (offered && event.key === "Tab" && !event.shiftKey) {
            event.preventDefault();
            run(offered[at]);
            return;
          }
          if (event.key === "Tab" && event.shiftKey && !event.ctrlKey && !event.altKey) {
            event.preventDefault();
            cycle();
          }
        }}
        bar={
          <>
            <Menu
              label="Mode"
              side="top"
              choice={{ value: mode, onChange: (value) => onMode(value as EditMode), options: modes }}
              trigger={
                <Button size="sm" variant="ghost" aria-label={`Mode: ${modeOf(mode).label}`} className="text-fg-0!">
                  {modeOf(mode).label}
                  <ChevronDown size={14} className="text-fg-3" />
                </Button>
              }
            />
            {agentMenu}
            {picked ? (
              <Menu
                label="Model"
                side="top"
                choice={{
                  value: picked,
                  onChange: onModel,
                  options: usable.map((candidate) => ({
                    value: candidate.id,
                    label: shortModelName(candidate.id),
                    hint: `${candidate.provider_name ?? candidate.provider}${candidate.id === defaultModel ? ", default" : ""}`,
                  })),
                }}
                trigger={
                  <Button size="sm" variant="ghost" aria-label={`Model: ${shortModelName(picked)}`} className="min-w-0 shrink text-fg-2">
                    <span className="truncate">{shortModelName(picked)}</span>
                    <ChevronDown size={14} className="flex-none text-fg-3" />
                  </Button>
                }
              />
            ) : null}
            <span className="flex-1" />
            {isRunning ? (
              <IconButton
                label={isStopping ? "Stopping" : "Stop the run"}
                tooltipSide="top"
                aria-keyshortcuts={ariaKeys("chat.stop")}
                onClick={onStop}
                className="ml-1.5 bg-bg-3 text-fg-0! narrow:size-10!"
              >
                <Square size={12} className="fill-current" />
              </IconButton>
            ) : null}
            {!isRunning || draft.trim() !== "" ? (
              <IconButton
                label={isRunning ? "Queue the message" : "Send"}
                tooltipSide="top"
                onClick={() => void send()}
                disabled={draft.trim() === ""}
                className="ml-1.5 bg-brand text-on-brand! hover:bg-brand-hover! disabled:bg-bg-3! disabled:text-fg-3! narrow:size-10!"
              >
                <ArrowUp />
              </IconButton>
            ) : null}
          </>
        }
      />
      <span role="status" className="sr-only">
        {said}
      </span>
    </div>
  );
}
