import { useEffect, useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { dropFirstMessage, findFirstMessage, keepFirstMessage, type FirstMessage } from "../projects/first-message.ts";
import type { Chat, SendFailure } from "./use-chat.ts";

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
  onRefused: (text: string, reason: SendFailure | undefined) => void;
}): FirstMessage | undefined {
  const { slug, chat, isReady, isHopeless } = options;
  const [first, setFirst] = useState(() => findFirstMessage(slug));
  const [id] = useState(() => crypto.randomUUID());
  const { announce, withdraw } = chat;
  const isKnown = chat.state.turns.some((turn) => turn.kind === "user" && turn.id === id);

  useEffect(() => {
    if (first && !isKnown) announce(id, first.message);
  }, [first, isKnown, announce, id]);

  const send = useHandler(async (message: FirstMessage) => {
    // Dropped first: a second try after a reload in mid-flight would run it twice.
    dropFirstMessage(slug);
    setFirst(undefined);
    await options.prepare();
    const failure = await chat.send(message.message, { editMode: "allow", model: message.model });
    if (!failure) return;
    if (failure.code === "network") keepFirstMessage(slug, message);
    options.onRefused(message.message, failure);
  });
  const giveBack = useHandler((message: FirstMessage) => {
    dropFirstMessage(slug);
    setFirst(undefined);
    withdraw(id);
    options.onRefused(message.message, undefined);
  });
  const { isLoaded } = chat.state;
  useEffect(() => {
    if (!first || !isKnown) return;
    if (isHopeless) giveBack(first);
    else if (isReady && isLoaded) void send(first);
  }, [first, isKnown, isHopeless, isReady, isLoaded, send, giveBack]);

  return first;
}
