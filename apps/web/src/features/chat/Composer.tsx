import { ArrowUp, ChevronDown, Square } from "lucide-react";
import type { EditMode, MessageAttachment, Model, Reasoning } from "@tesslate/contract";
import {
  memo,
  Suspense,
  useDeferredValue,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type ClipboardEvent,
  type ReactNode,
  type Ref,
} from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { modeOf, modes, nextMode } from "../../lib/edit-modes.ts";
import { sentenceOf } from "../../lib/errors.ts";
import type { FileTree } from "../../lib/file-tree.ts";
import { pickModel, usableModels } from "../../lib/model-choice.ts";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { useDroppedFiles, usePastedFiles } from "../../lib/use-dropped-files.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { ariaKeys, useShortcuts } from "../../lib/use-shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { ComposerBox } from "../../ui/ComposerBox.tsx";
import { withHelp } from "../../ui/HelpLink.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { isLimit, LimitNotice, type LimitError } from "../billing/index.ts";
import { ModelMenu } from "../models/index.ts";
import { AnswerHint, type Asked } from "./AnswerHint.tsx";
import { AttachButton } from "./attach/AttachButton.tsx";
import { AttachmentChips } from "./attach/AttachmentChips.tsx";
import type { ElementFiles } from "./attach/element-files.ts";
import { MentionMenu } from "./attach/MentionMenu.tsx";
import { mentionsIn } from "./attach/mentions.ts";
import { attachPasted, isLongPaste } from "./attach/pasted.ts";
import { useAttachments } from "./attach/use-attachments.ts";
import { useMentions } from "./attach/use-mentions.ts";
import { VisionNotice } from "./attach/VisionNotice.tsx";
import type { MessageExtras, SendFailure, WorkspaceChoice } from "./chat.types.ts";
import { matchingCommands, type SlashCommand } from "./slash-commands.ts";
import { ReasoningMenu } from "./ReasoningMenu.tsx";
import { optionId, SlashMenu } from "./SlashMenu.tsx";
import { useDraft } from "./use-draft.ts";
import { useKeyCheck, withNames } from "./use-key-check.ts";
import type { ChosenWorkspace } from "./WorkspaceQuestion.tsx";

const WorkspaceQuestion = lazyComponent(async () => (await import("./WorkspaceQuestion.tsx")).WorkspaceQuestion);
const KeyNotice = lazyComponent(async () => (await import("./KeyNotice.tsx")).KeyNotice);

const steerCaps = capsOf("$mod+Enter").flat();
const steerKeys = steerCaps.join((steerCaps[0]?.length ?? 0) > 1 ? "+" : "");

export interface ComposerHandle {
  focus: () => void;
  field: () => HTMLTextAreaElement | null;
  /** Sets the draft (a refused first message, a suggestion), with the reason of a refusal and the attachments. */
  write: (text: string, reason?: string, attached?: readonly MessageAttachment[]) => void;
  attach: (files: readonly File[]) => void;
  /** Attaches an element that was picked in the preview. */
  attachElement: (files: ElementFiles) => void;
}

export interface ComposerProps {
  projectId: string;
  /** For `@` mentions. */
  tree: FileTree | undefined;
  chatId: string | undefined;
  /** A run is active in this chat. */
  isRunning: boolean;
  isStopping: boolean;
  /** Why nothing can be sent now. */
  blockedBy?: string | undefined;
  /** `false`: something above says how to get credits. */
  offersCredits?: boolean;
  mode: EditMode;
  onMode: (mode: EditMode) => void;
  models: readonly Model[];
  defaultModel: string | undefined;
  model: string | undefined;
  onModel: (model: string) => void;
  /** How much the model thinks; null: its default. */
  reasoning: Reasoning | null;
  onReasoning: (reasoning: Reasoning | null) => void;
  /** Next to the mode: selects the agent. */
  agentMenu?: ReactNode;
  /** Next to Send: context and cost of the draft. */
  meter?: (draft: string) => ReactNode;
  /** During a run it queues the message. */
  onSend: (text: string, extras: MessageExtras) => Promise<SendFailure | undefined>;
  /** Sends the text to the active run. */
  onSteer: (text: string) => Promise<SendFailure | undefined>;
  /** What the run waits for, if the composer can give it. */
  asked?: Asked | undefined;
  commands: readonly SlashCommand[];
  onStop: () => void;
  /** Says something to screen readers. */
  announce: (text: string) => void;
  /** Replaces the bar: no model, no credits. */
  notice?: ReactNode;
  handle?: Ref<ComposerHandle>;
}

/** Mode, agent, model and thinking. Memoized, because typing changes none of them. */
const Choices = memo(
  ({
    mode,
    onMode,
    agentMenu,
    models,
    defaultModel,
    model,
    onModel,
    pickedModel,
    reasoning,
    onReasoning,
  }: Pick<
    ComposerProps,
    "mode" | "onMode" | "agentMenu" | "models" | "defaultModel" | "model" | "onModel" | "reasoning" | "onReasoning"
  > & { pickedModel: Model | undefined }) => (
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
      <ModelMenu models={models} defaultModel={defaultModel} model={model} onModel={onModel} />
      <ReasoningMenu model={pickedModel} reasoning={reasoning} onReasoning={onReasoning} />
    </>
  ),
);

interface ActionsProps extends Pick<ComposerProps, "isRunning" | "isStopping" | "onStop"> {
  isEmpty: boolean;
  sendLabel: string;
  onFiles: (files: File[]) => void;
  onSend: () => void;
}

/** Attach, stop and send. Memoized: most keys change none of them. */
const Actions = memo(({ isRunning, isStopping, onStop, isEmpty, sendLabel, onFiles, onSend }: ActionsProps) => (
  <>
    <AttachButton onFiles={onFiles} />
    {isRunning ? (
      <IconButton
        label={isStopping ? "Stopping…" : "Stop run"}
        tooltipSide="top"
        aria-keyshortcuts={ariaKeys("chat.stop")}
        onClick={onStop}
        className="ml-1.5 bg-bg-3 text-fg-0! narrow:size-10!"
      >
        <Square size={12} className="fill-current" />
      </IconButton>
    ) : null}
    {!isRunning || !isEmpty ? (
      <IconButton
        label={sendLabel}
        tooltipSide="top"
        onClick={onSend}
        disabled={isEmpty}
        className="ml-1.5 bg-brand text-on-brand! hover:bg-brand-hover! disabled:bg-bg-3! disabled:text-fg-3! narrow:size-10!"
      >
        <ArrowUp />
      </IconButton>
    ) : null}
  </>
));

/** Updates after the draft is painted, so that typing stays fast. */
function Meter({ meter, draft }: { meter: (draft: string) => ReactNode; draft: string }) {
  const read = useDeferredValue(draft);
  return useMemo(() => meter(read), [meter, read]);
}

/** A way to send the draft. `enter`: what Enter does now. */
type SendWay = "enter" | "message" | "steer" | "answer";
/**
 * The message field. Enter sends, or queues during a run; Mod+Enter steers the run. While a question waits, Enter answers it; while a secret
 * is requested, nothing is sent. A refused message is put back into the field.
 */
export function Composer({
  projectId,
  tree,
  chatId,
  isRunning,
  isStopping,
  blockedBy,
  offersCredits = true,
  mode,
  onMode,
  models,
  defaultModel,
  model,
  onModel,
  reasoning,
  onReasoning,
  agentMenu,
  meter,
  onSend,
  onSteer,
  asked,
  commands,
  onStop,
  announce,
  notice,
  handle,
}: ComposerProps) {
  /** The secret that was requested when the draft was written. */
  const [written, setWritten] = useState<{ chatId: string | undefined; name: string }>();
  const writtenFor = written?.chatId === chatId ? written?.name : undefined;
  const box = useRef<HTMLTextAreaElement>(null);
  const isNarrow = useIsNarrow();
  const requestedKey = asked?.kind === "secret" ? asked.secretKey : undefined;
  const [isPrivate, setIsPrivate] = useState(false);
  const [draft, storeDraft] = useDraft(projectId, chatId, isPrivate);
  const keys = useKeyCheck<SendWay>({ box, draft, writtenFor, announce });
  const mayBeSecret = keys.finding !== undefined || requestedKey !== undefined || writtenFor !== undefined;
  if (isPrivate !== mayBeSecret) setIsPrivate(mayBeSecret);
  /** The question, and whether the draft is older. */
  const [arrived, setArrived] = useState<{ id: string; isDraftOlder: boolean }>();
  if (asked?.id !== arrived?.id) setArrived(asked && { id: asked.id, isDraftOlder: draft.trim() !== "" });
  const isAnswer = asked?.kind === "question" && arrived?.isDraftOlder !== true;
  const setDraft = (text: string) => {
    storeDraft(text);
    if (text.trim() !== "") return;
    setWritten(undefined);
    if (asked && arrived?.isDraftOlder) setArrived({ id: asked.id, isDraftOlder: false });
  };
  /** The message was not sent, because where its run works has to be chosen. Changing the draft withdraws the question. */
  const [choice, setChoice] = useState<{ chatId: string | undefined; asked: WorkspaceChoice }>();
  const [hint, setHint] = useState<{ text: string; isError: boolean; code?: string; limit?: LimitError }>();

  const [caret, setCaret] = useState(0);
  const attachments = useAttachments(projectId, chatId);
  const [isAttachmentHint, setIsAttachmentHint] = useState(false);
  const showAttachmentHint = (problem: string | undefined) => {
    setIsAttachmentHint(problem !== undefined);
    setHint(problem === undefined ? undefined : { text: problem, isError: false });
  };
  const frame = useRef<HTMLDivElement>(null);
  const attach = useHandler((files: File[]) => {
    showAttachmentHint(attachments.add(files));
    box.current?.focus();
  });
  const { isOver } = useDroppedFiles(frame, attach);
  usePastedFiles(attach);
  const mentions = useMentions({
    text: draft,
    caret,
    tree,
    onChange: (text, at) => {
      setDraft(text);
      setCaret(at);
      // The field has the new text in the next frame; put the caret after the mention.
      requestAnimationFrame(() => box.current?.setSelectionRange(at, at));
    },
  });

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

  const usable = usableModels(models);
  const picked = pickModel(models, model, defaultModel ?? null);
  const pickedModel = usable.find((one) => one.id === picked);
  /** Images are attached and the model is known not to support them. */
  const isBlind = attachments.hasImages && pickedModel?.vision === false;
  const isEmpty = draft.trim() === "" && attachments.list.length === 0;
  useImperativeHandle(handle, () => ({
    focus: () => box.current?.focus(),
    field: () => box.current,
    write: (text, reason, attached = []) => {
      setDraft(text);
      if (attached.length > 0) attachments.give(attached);
      setHint(reason ? { text: reason, isError: true } : undefined);
      box.current?.focus();
    },
    attach: (files) => {
      showAttachmentHint(attachments.add(files));
      box.current?.focus();
    },
    attachElement: (files) => {
      showAttachmentHint(attachments.addElement(files, pickedModel?.vision !== false));
      box.current?.focus();
    },
  }));

  const hintId = useId();
  const fill = () => {
    if (asked?.kind !== "secret" || draft.trim() === "") return;
    asked.fill(draft.trim());
    setDraft("");
    keys.clear();
  };
  const send = async (way: SendWay = "enter", isAllowed = false, workspace?: ChosenWorkspace) => {
    if (offered) {
      run(offered[at]);
      return;
    }
    const text = draft.trim();
    if (text === "" && attachments.list.length === 0) return;
    if (requestedKey !== undefined) {
      if (text === "" || arrived?.isDraftOlder)
        showAttachmentHint(`Answer the request for ${requestedKey} first. Your message stays here.`);
      else fill();
      return;
    }
    const isAnswering = asked?.kind === "question" && (way === "answer" || (way === "enter" && isAnswer));
    if (isAnswering && attachments.list.length > 0) {
      showAttachmentHint("Answers are text only. Remove the attachments, or send them as a message.");
      return;
    }
    if (attachments.isUploading || attachments.hasFailed) {
      showAttachmentHint(
        attachments.hasFailed ? "Couldn't upload an attachment. Retry it or remove it." : "Attachments are still uploading.",
      );
      return;
    }
    if (isBlind && !isAnswering) {
      showAttachmentHint("This model doesn't support images. Switch models or remove the images.");
      return;
    }
    if (blockedBy && !isAnswering) {
      setHint({ text: blockedBy, isError: false });
      return;
    }
    if (!isAllowed) {
      try {
        if (!(await keys.maySend(text, way))) return;
      } catch (error) {
        setHint({ text: sentenceOf(error), isError: true });
        return;
      }
    }
    keys.clear();
    setHint(undefined);
    setChoice(undefined);
    setDraft("");
    const attached = attachments.take();
    const mentioned = mentionsIn(text, tree);
    // Steering takes text only; a message with attachments is queued.
    const isSteering = way === "steer" && isRunning && attached.length === 0;
    const extras = {
      ...(attached.length > 0 && { attachments: attached }),
      ...(mentioned.length > 0 && { mentions: mentioned }),
      ...(workspace && { workspace }),
    };
    const failure: SendFailure | undefined = await (isAnswering ? asked.answer(text) : isSteering ? onSteer(text) : onSend(text, extras));
    if (!failure && isRunning && !isAnswering) announce(isSteering ? "The agent will see this before its next step." : "Queued.");
    if (!failure) return;
    setDraft(text);
    if (attached.length > 0) attachments.give(attached);
    if (failure.choice) {
      setChoice({ chatId, asked: failure.choice });
      announce("Another run is changing this project. Choose where this one works.");
      return;
    }
    setHint({ text: failure.message, isError: true, code: failure.code, ...(isLimit(failure) && { limit: failure }) });
  };
  const sendNow = useHandler(() => void send());
  const stop = useHandler(onStop);
  const { finding } = keys;
  const attachText = (text: string) => showAttachmentHint(attachments.addText(text));
  const replaceKeys = (names: readonly string[]) => {
    if (!finding) return;
    keys.clear();
    setWritten(undefined);
    const text = withNames(finding.pasted ?? draft, finding.found, names);
    if (finding.pasted === undefined) setDraft(text);
    else attachText(text);
    announce(
      names.length === 1
        ? `Saved as the secret ${names.join()}. The message has its name.`
        : "Saved as secrets. The message has their names.",
    );
    box.current?.focus();
  };
  const sendAnyway = () => {
    if (!finding) return;
    keys.clear();
    if (finding.pasted === undefined) void send(finding.way, true);
    else attachText(finding.pasted);
    box.current?.focus();
  };
  const onPaste = (event: ClipboardEvent<HTMLTextAreaElement>) => {
    const text = event.clipboardData.getData("text/plain");
    // It may be the requested value.
    if (requestedKey !== undefined && text !== "") return;
    if (isLongPaste(text)) {
      event.preventDefault();
      void keys.mayAttach(text).then((may) => {
        if (may) attachText(text);
      });
      return;
    }
    const taken = attachPasted(event, attachments);
    if (taken) showAttachmentHint(taken.problem);
    // The field has the text afterwards.
    else setTimeout(() => void keys.checkDraft());
  };
  const cycle = () => {
    const next = nextMode(mode);
    onMode(next);
    announce(`Mode: ${modeOf(next).label}. ${modeOf(next).hint}.`);
  };
  useShortcuts({ "chat.mode": cycle });

  return (
    <div ref={frame} className="relative">
      {hint?.limit?.code === "insufficient_credits" && !offersCredits ? (
        <p role="alert" className="px-1 pb-1.5 text-xs leading-note text-err">
          Not sent: you are out of credits.
        </p>
      ) : hint?.limit ? (
        <LimitNotice error={hint.limit} again="Send the message again." className="mb-1.5" />
      ) : hint && (hint.isError || isRunning || blockedBy || isAttachmentHint) ? (
        <p
          role={hint.isError ? "alert" : "status"}
          className={hint.isError ? "px-1 pb-1.5 text-xs leading-note text-err" : "px-1 pb-1.5 text-xs leading-note text-fg-2"}
        >
          {withHelp(hint.code, hint.text)}
        </p>
      ) : null}
      {offered ? <SlashMenu id={listId} commands={offered} chosen={at} onPick={run} /> : null}
      {mentions.places && !offered ? (
        <MentionMenu id={listId} places={mentions.places} isFolder={mentions.isFolder} chosen={mentions.chosen} onPick={mentions.pick} />
      ) : null}
      {isBlind && pickedModel ? (
        <VisionNotice model={pickedModel} models={models} onModel={onModel} onRemove={attachments.removeImages} />
      ) : null}
      {finding ? (
        <Suspense fallback={null}>
          <KeyNotice
            key={finding.found.map(({ value }) => value).join(" ")}
            found={finding.found}
            isAsked={finding.way !== undefined || finding.pasted !== undefined}
            onStored={replaceKeys}
            onSend={sendAnyway}
            onClose={() => {
              keys.clear();
              box.current?.focus();
            }}
          />
        </Suspense>
      ) : null}
      {choice && choice.chatId === chatId && !isEmpty ? (
        <Suspense fallback={null}>
          <WorkspaceQuestion
            choice={choice.asked}
            onChoose={(workspace) => {
              void send("enter", true, workspace);
              box.current?.focus();
            }}
            onClose={() => {
              setChoice(undefined);
              box.current?.focus();
            }}
          />
        </Suspense>
      ) : null}
      {asked ? (
        <AnswerHint
          id={hintId}
          asked={asked}
          isDraftOlder={arrived?.isDraftOlder === true}
          isEmpty={draft.trim() === ""}
          onMessage={() => void send("message")}
          onAnswer={() => void send("answer")}
          onFill={fill}
        />
      ) : null}
      <ComposerBox
        {...(isOver && { className: "border-fg-1! ring ring-fg-1" })}
        attachments={
          attachments.list.length > 0 ? (
            <AttachmentChips list={attachments.list} onRemove={attachments.remove} onRetry={attachments.retry} />
          ) : undefined
        }
        label="Message to the agent"
        placeholder={
          requestedKey !== undefined
            ? `Enter ${requestedKey} in the field above`
            : isAnswer
              ? "Answer the question…"
              : isRunning
                ? isNarrow
                  ? "Queue a message"
                  : `Queue a message, or press ${steerKeys} to steer`
                : mode === "plan"
                  ? "What do you want to plan?"
                  : "What do you want to change?"
        }
        value={draft}
        onChange={(text) => {
          setDraft(text);
          if (requestedKey !== undefined && text.trim() !== "") setWritten({ chatId, name: requestedKey });
          setCaret(box.current?.selectionStart ?? text.length);
          if (hint?.isError || isAttachmentHint) showAttachmentHint(undefined);
          setChoice(undefined);
        }}
        onSubmit={() => void send()}
        textareaRef={box}
        textareaProps={{
          maxLength: 10_000,
          enterKeyHint: "send",
          onSelect: (event) => setCaret(event.currentTarget.selectionStart),
          onPaste,
          ...(asked && { "aria-describedby": hintId }),
          ...(mentions.places && {
            "aria-haspopup": "listbox",
            "aria-controls": listId,
            "aria-autocomplete": "list",
            "aria-activedescendant": optionId(listId, mentions.chosen),
          }),
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
          if (!offered && mentions.onKeyDown(event)) return;
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
        }}
        bar={
          <>
            <Choices
              mode={mode}
              onMode={onMode}
              agentMenu={agentMenu}
              models={models}
              defaultModel={defaultModel}
              model={model}
              onModel={onModel}
              pickedModel={pickedModel}
              reasoning={reasoning}
              onReasoning={onReasoning}
            />
            <span className="flex-1" />
            {meter ? <Meter meter={meter} draft={draft} /> : null}
            <Actions
              onFiles={attach}
              isRunning={isRunning}
              isStopping={isStopping}
              onStop={stop}
              isEmpty={isEmpty}
              sendLabel={
                requestedKey !== undefined ? "Move to secret field" : isAnswer ? "Send answer" : isRunning ? "Queue message" : "Send"
              }
              onSend={sendNow}
            />
          </>
        }
      />
    </div>
  );
}
