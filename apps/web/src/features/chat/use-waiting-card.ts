import { useLayoutEffect, useRef, useState, type RefObject } from "react";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { shortcutKeys } from "../../lib/shortcut-bindings.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import type { ApprovalPart, QuestionPart } from "./chat.types.ts";
import type { ComposerHandle } from "./Composer.tsx";

/** What the run of the open chat waits for. */
export interface Waiting {
  /** Of the approval or the question. */
  id: string;
  /** For the hint above the composer. */
  title: string;
  /** For screen readers. */
  announcement: string;
}

export function waitingFor(approval: ApprovalPart | undefined, question: QuestionPart | undefined): Waiting | undefined {
  if (approval) return { id: approval.approvalId, title: "The agent needs your approval.", announcement: "The agent needs your approval." };
  if (!question) return undefined;
  const { questionId: id, asked } = question;
  if (asked.kind === "secret") {
    const title = `The agent needs the secret ${asked.secret_key}.`;
    return { id, title, announcement: title };
  }
  return { id, title: "The agent has a question.", announcement: `The agent asks: ${asked.question}` };
}

const overlays = "[role='dialog'], [role='alertdialog'], [role='menu'], [role='listbox']";
const textFields = "input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable='true'], [role='textbox']";

/** Whether moving the focus would interrupt the person: they type, use an open menu or dialog, or work in the frame of their app. */
function isInterrupting(composer: HTMLTextAreaElement | null | undefined): boolean {
  if (document.querySelector(overlays)) return true;
  const { activeElement: active } = document;
  if (composer && active === composer) return composer.value !== "";
  return active instanceof HTMLIFrameElement || (active?.matches(textFields) ?? false);
}
/** On touch screens, focusing a text field opens the keyboard over the page. */
const isTouch = () => matchMedia("(pointer: coarse)").matches;

export interface WaitingCard {
  /** Called by the card when it is rendered, with the element that takes the focus; `field` replaces it where there is a keyboard. */
  onShown: (card: HTMLElement, field?: HTMLElement | null) => void;
  /** The focus is in the card. */
  onFocus: () => void;
  /** The card did not get the focus, because the person was busy elsewhere. */
  isMissed: boolean;
  /** Shows the chat and focuses the card. */
  go: () => void;
}

/**
 * Focuses the card of what the run waits for when it appears, unless that would interrupt the person: then it is announced, and
 * `isMissed` tells the caller to show a hint. When nothing waits, the focus returns to the composer.
 */
export function useWaitingCard(
  waiting: Waiting | undefined,
  composer: RefObject<ComposerHandle | null>,
  announce: (text: string) => void,
): WaitingCard {
  const { showChat } = useWorkbenchActions();
  const target = useRef<HTMLElement>(undefined);
  const [missedId, setMissedId] = useState<string>();
  const id = waiting?.id;
  const lastId = useRef(id);
  useLayoutEffect(() => {
    const hadOne = lastId.current !== undefined;
    lastId.current = id;
    if (id !== undefined) return;
    target.current = undefined;
    // The card that was answered had the focus, and was removed with it.
    if (hadOne && document.activeElement === document.body && !isTouch()) composer.current?.focus();
  }, [id, composer]);
  return {
    onShown: useHandler((card: HTMLElement, field?: HTMLElement | null) => {
      if (!waiting) return;
      target.current = (isTouch() ? undefined : field) ?? card;
      if (!isInterrupting(composer.current?.field())) target.current.focus();
      // Hidden elements cannot be focused.
      const isFocused = card.contains(document.activeElement);
      if (!isFocused) setMissedId(waiting.id);
      const [keys] = shortcutKeys("chat.answer");
      announce(
        isFocused || keys === undefined
          ? waiting.announcement
          : `${waiting.announcement} Press ${capsOf(keys).flat().join("+")} to go to it.`,
      );
    }),
    onFocus: useHandler(() => setMissedId(undefined)),
    isMissed: id !== undefined && missedId === id,
    go: useHandler(() => {
      showChat();
      // The chat may have been collapsed, and is shown in the next frame.
      requestAnimationFrame(() => target.current?.focus());
    }),
  };
}
