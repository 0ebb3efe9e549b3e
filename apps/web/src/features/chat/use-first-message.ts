import { useEffect, useRef, useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { dropFirstMessage, findFirstMessage, type FirstMessage } from "../projects/first-message.ts";
import type { Chat, SendFailure } from "./use-chat.ts";

const extrasOf = ({ attachments }: FirstMessage) => (attachments ? { attachments } : {});

/**
 * Home's prompt: shown at once, sent by itself as soon as the project is there. A reload in between changes nothing; a refusal hands the
 * text back.
 */
export function useFirstMessage(options: {
  slug: string;
  chat: Chat;
  /** The project has been made and the event stream is open. */
  isReady: boolean;
  /** It never will be. */
  isHopeless: boolean;
  /** Starts what must run beside the agent; the message follows when it resolves. */
  prepare: () => Promise<void>;
  onRefused: (message: FirstMessage, reason: SendFailure | undefined) => void;
}): FirstMessage | undefined {
  const { slug, chat, isReady, isHopeless } = options;
  const [first, setFirst] = useState(() => findFirstMessage(slug));
  const [id] = useState(() => crypto.randomUUID());
  const isSending = useRef(false);
  const { announce, withdraw } = chat;
  const isKnown = chat.state.turns.some((turn) => turn.kind === "user" && turn.id === id);

  useEffect(() => {
    if (first && !isKnown && !isSending.current) announce(id, first.message, extrasOf(first));
  }, [first, isKnown, announce, id]);

  const settle = useHandler(() => {
    dropFirstMessage(slug);
    setFirst(undefined);
  });
  const send = useHandler(async (message: FirstMessage) => {
    if (isSending.current) return;
    isSending.current = true;
    await options.prepare();
    const failure = await chat.send(message.message, {
      editMode: "allow",
      model: message.model,
      agentId: message.agent_id,
      ...extrasOf(message),
    });
    settle();
    if (failure) options.onRefused(message, failure);
  });
  const giveBack = useHandler((message: FirstMessage) => {
    settle();
    withdraw(id);
    options.onRefused(message, undefined);
  });
  // A reload while it was on its way: the server has it already.
  const hasArrived =
    first !== undefined && chat.state.turns.some((turn) => turn.kind === "user" && turn.id !== id && turn.text === first.message);
  const { isLoaded } = chat.state;
  useEffect(() => {
    if (!first || isSending.current) return;
    if (hasArrived) {
      settle();
      withdraw(id);
    } else if (!isKnown) return;
    else if (isHopeless) giveBack(first);
    else if (isReady && isLoaded) void send(first);
  }, [first, id, isKnown, hasArrived, isHopeless, isReady, isLoaded, send, giveBack, settle, withdraw]);

  return first;
}
